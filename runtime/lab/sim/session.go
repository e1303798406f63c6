package sim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
)

// session is one session channel: at most one command or shell.
func (p *power) session(ctx context.Context, conn *ssh.ServerConn, offered ssh.NewChannel) {
	ch, requests, err := offered.Accept()
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	started := false
	for r := range requests {
		ok := false
		var line struct{ Command string }
		switch r.Type {
		case "exec":
			ok = !started && ssh.Unmarshal(r.Payload, &line) == nil
		case "shell":
			ok = !started
		case "env", "pty-req", "window-change": // nothing here has a terminal or looks at these
			ok = true
		}
		if r.WantReply {
			r.Reply(ok, nil)
		}
		if ok && (r.Type == "exec" || r.Type == "shell") {
			started = true
			wg.Go(func() {
				defer ch.Close()
				p.command(ctx, conn.User(), line.Command, r.Type == "shell", ch)
			})
		}
	}
	cancel() // the client has closed the channel, or the command has ended
	wg.Wait()
}

// command runs one command, or the lines of a shell's stdin, and answers with
// its status when what it did is on disk.
func (p *power) command(ctx context.Context, user, line string, interactive bool, ch ssh.Channel) {
	status := p.execute(ctx, user, line, interactive, ch)
	if err := p.persist(); err != nil {
		fmt.Fprintf(ch.Stderr(), "the lab cannot store the machine: %v\n", err)
		status = 255
	}
	ch.CloseWrite()
	ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
	p.settle()
}

func (p *power) execute(ctx context.Context, user, line string, interactive bool, ch ssh.Channel) int {
	id, err := p.os.identity(ctx, user)
	if err != nil {
		return 255
	}
	if strings.HasSuffix(id.Shell, "/nologin") || strings.HasSuffix(id.Shell, "/false") {
		fmt.Fprintln(ch, "This account is currently not available.")
		return 1
	}
	sh := p.os.shell(id)
	if !interactive {
		return sh.RunText(ctx, line, ch, ch, ch.Stderr())
	}
	return p.lines(ctx, sh, ch)
}

// lines is a login shell without a terminal: it runs each line as it comes.
func (p *power) lines(ctx context.Context, sh *shell.Shell, ch ssh.Channel) int {
	in := bufio.NewReader(ch)
	status := 0
	for {
		line, err := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			status = sh.RunText(ctx, line, strings.NewReader(""), ch, ch.Stderr())
		}
		if err != nil || sh.Exited() || ctx.Err() != nil {
			return status
		}
	}
}

// forward is a direct-tcpip channel: a connection made from where the machine
// is, so that what only it can reach is reached through it.
func (p *power) forward(ctx context.Context, conn *ssh.ServerConn, offered ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(offered.ExtraData(), &to); err != nil {
		offered.Reject(ssh.ConnectionFailed, "malformed request")
		return
	}
	if _, ok := conn.Permissions.Extensions[loginForward]; !ok {
		offered.Reject(ssh.Prohibited, "open failed")
		return
	}
	target, err := p.host.Dial(ctx, "tcp", net.JoinHostPort(p.os.resolve(ctx, to.Host), fmt.Sprint(to.Port)))
	if err != nil {
		offered.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer target.Close()
	ch, requests, err := offered.Accept()
	if err != nil {
		return
	}
	defer ch.Close()
	go ssh.DiscardRequests(requests)
	stop := context.AfterFunc(ctx, func() {
		target.Close()
		ch.Close()
	})
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		io.Copy(target, ch)
		target.(interface{ CloseWrite() error }).CloseWrite()
	})
	io.Copy(ch, target)
	ch.CloseWrite()
	wg.Wait()
}

// resolve looks a name up in /etc/hosts; there is no other name service.
func (o *operatingSystem) resolve(ctx context.Context, name string) string {
	text, _, err := o.ReadFile(ctx, "/etc/hosts")
	if err != nil {
		return name
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		for i := 1; i < len(f); i++ {
			if f[i] == name && !strings.Contains(f[0], ":") {
				return f[0]
			}
		}
	}
	return name
}
