package sim_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/seed"
)

func TestUploadedProgramIsKeptByReference(t *testing.T) {
	body := strings.Repeat("program", 20_000)
	ran := make(chan []string, 1)
	b := newBench(t, program(t, body, ran))
	m, hw := b.up(100, "web")
	c := b.driver(b.hv.Dial, m, 100)
	digest := digestOf(body)
	image := "/usr/local/lib/homestak/" + digest + "/homestak"
	if got := must(t, c, "sha256sum '"+image+"'"); got != digest+"  "+image {
		t.Errorf("preinstalled: %q", got)
	}
	must(t, c, "sudo -n rm "+image)
	receive := "sudo -n sh -c 'mkdir -p /opt/h && cat > /opt/h/homestak.tmp && sha256sum /opt/h/homestak.tmp'"
	if out, errs, code := run(t, c, receive, strings.NewReader(body)); code != 0 || !strings.HasPrefix(out, digest) {
		t.Fatalf("upload: %d %q %q", code, out, errs)
	}
	must(t, c, "sudo -n sh -c 'chmod 755 /opt/h/homestak.tmp && mv /opt/h/homestak.tmp /opt/h/homestak'")
	if got := must(t, c, "cat /opt/h/homestak"); got != body {
		t.Errorf("content of %d bytes, want %d", len(got), len(body))
	}
	if size := dirSize(t, hw.Disks[0].State); size > int64(len(body)) {
		t.Errorf("the machine keeps %d bytes", size)
	}
	out, errs, code := run(t, c, "sudo -n /opt/h/homestak config apply --stdin", strings.NewReader("program bytes"))
	if code != 7 || out != "got program bytes\n" || errs != "warned\n" {
		t.Errorf("run: %d %q %q", code, out, errs)
	}
	if args := <-ran; strings.Join(args, " ") != "config apply --stdin" {
		t.Errorf("arguments %q", args)
	}
	if got := must(t, c, "cat /etc/written"); got != "by the program" {
		t.Errorf("file %q", got)
	}
	if _, errs, code := run(t, c, "/opt/h/homestak config apply", nil); code != 1 || !strings.Contains(errs, "root only") {
		t.Errorf("without sudo: %d %q", code, errs)
	}
	if _, errs, code := run(t, c, "sudo -n sh -c 'echo x > /opt/other && chmod 755 /opt/other && /opt/other'", nil); code != 126 || !strings.Contains(errs, "cannot execute") {
		t.Errorf("another program: %d %q", code, errs)
	}
	if _, _, code := run(t, c, "sudo -n sh -c 'chmod 644 /opt/other && /opt/other'", nil); code != 126 {
		t.Errorf("a file that is not executable: %d", code)
	}
}

func TestForwarding(t *testing.T) {
	b := newBench(t)
	front, _ := b.up(100, "front")
	back, _ := b.up(101, "back")
	c := b.driver(b.hv.Dial, front, 100)
	if got := must(t, b.driver(c.DialContext, back, 101), "hostname"); got != "back" {
		t.Errorf("through front: %q", got)
	}
	// Its own loopback, and names of its own hosts file.
	for _, addr := range []string{"127.0.0.1:22", "localhost:22", "front:22"} {
		if d, err := b.login(c.DialContext, addr, seed.DriverUser, 100, ssh.PublicKeys(b.userCert([]string{seed.DriverUser}))); err != nil {
			t.Errorf("%s: %v", addr, err)
		} else {
			d.Close()
		}
	}
	for _, addr := range []string{"10.10.0.99:22", address(t, back) + ":23", "nowhere:22"} {
		if d, err := c.DialContext(t.Context(), "tcp", addr); err == nil {
			d.Close()
			t.Errorf("%s answers", addr)
		}
	}
	if _, err := b.hv.Dial(t.Context(), "tcp", "127.0.0.1:22"); err == nil {
		t.Error("the lab's own loopback answers")
	}
	// A certificate without the extension forwards nothing.
	bare := b.userCert([]string{seed.DriverUser}, func(c *ssh.Certificate) { c.Extensions = nil })
	d, err := b.login(b.hv.Dial, address(t, front)+":22", seed.DriverUser, 100, ssh.PublicKeys(bare))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Dial("tcp", address(t, back)+":22"); err == nil {
		t.Error("forwarded without permit-port-forwarding")
	}
}

func TestInteractiveShell(t *testing.T) {
	b := newBench(t)
	m, _ := b.up(100, "web")
	s, err := b.driver(b.hv.Dial, m, 100).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s.Stdin, s.Stdout = strings.NewReader("x=1\necho hi $x\n\nexit 3\necho never\n"), &out
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	err = s.Wait()
	if exit, ok := err.(*ssh.ExitError); !ok || exit.ExitStatus() != 3 || out.String() != "hi 1\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	if s, err = b.driver(b.hv.Dial, m, 100).NewSession(); err != nil {
		t.Fatal(err)
	}
	if err := s.RequestSubsystem("sftp"); err == nil {
		t.Error("sftp is offered")
	}
}
