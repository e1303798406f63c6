package lab

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// mostOutput is how much the agent keeps of each stream of a program.
const mostOutput = 16 << 20

// brokenPipe is how long PVE's proxy waits for a daemon that will not answer.
const brokenPipe = 5 * time.Second

// execs are the programs that guest agents have started: until they have ended
// and somebody has asked.
type execs struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	last int // pid
	byVM map[uint]map[int]*execution

	frozen []uint // guests whose file systems are
}

type execution struct {
	done     bool
	status   int
	out, err capped
}

// capped keeps the first bytes that are written to it.
type capped struct {
	mu   sync.Mutex
	data bytes.Buffer
	over bool
}

func (c *capped) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := min(len(b), mostOutput-c.data.Len())
	c.over = c.over || keep < len(b)
	c.data.Write(b[:keep])
	return len(b), nil
}

// agentExec is POST …/agent/exec. Of a program that is not there the agent says
// so in typographic quotes, which PVE 9.2 cannot put into a status line: its
// daemon dies of them, and the proxy gives up.
func (c *call) agentExec() (any, error) {
	argv := c.list("command")
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	if !m.HasProgram(argv[0]) {
		if err := c.cfg.Clock.Sleep(c.ctx, brokenPipe); err != nil {
			return nil, err
		}
		return nil, errorf(596, "Broken pipe")
	}
	return map[string]any{"pid": c.execs.run(c.Lab, c.vmid(), m, argv, strings.NewReader(c.str("input-data")))}, nil
}

func (x *execs) run(l *Lab, vmid uint, m guest.Machine, argv []string, stdin io.Reader) (pid int) {
	e := &execution{}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byVM == nil {
		x.byVM, x.last = map[uint]map[int]*execution{}, 580
	}
	if x.byVM[vmid] == nil {
		x.byVM[vmid] = map[int]*execution{}
	}
	x.last += 4
	x.byVM[vmid][x.last] = e
	x.wg.Go(func() {
		status, err := m.Exec(l.ctx, argv, stdin, &e.out, &e.err)
		if err != nil {
			status = 255
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		e.done, e.status = true, status
	})
	return x.last
}

// agentExecStatus is GET …/agent/exec-status: the end of a program is told once.
func (c *call) agentExecStatus() (any, error) {
	if _, err := c.agent(); err != nil {
		return nil, err
	}
	c.execs.mu.Lock()
	defer c.execs.mu.Unlock()
	pid := int(c.number("pid", 0))
	e := c.execs.byVM[c.vmid()][pid]
	if e == nil {
		return nil, errors.New("Agent error: PID ld does not exist") // sic
	}
	if !e.done {
		return map[string]any{"exited": 0}, nil
	}
	delete(c.execs.byVM[c.vmid()], pid)
	row := map[string]any{"exited": 1, "exitcode": e.status}
	for name, stream := range map[string]*capped{"out": &e.out, "err": &e.err} {
		if stream.data.Len() > 0 {
			row[name+"-data"], row[name+"-truncated"] = stream.data.String(), 0
			if stream.over {
				row[name+"-truncated"] = 1
			}
		}
	}
	return row, nil
}

// agentFilesystems is GET …/agent/get-fsinfo: a simulated guest has one file
// system, on its boot disk.
func (c *call) agentFilesystems() (any, error) {
	if _, err := c.agent(); err != nil {
		return nil, err
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	const firmware, used, reserved = 121 << 20, 602898432, 20 // 1/20 of an ext4 is root's
	list := []any{}
	for _, slot := range bootDisks(v.Config) {
		size, ok := parseSize(parseDrive(slot, v.Config[slot])["size"])
		if !ok {
			continue
		}
		bus, unit, _ := splitSlot(slot)
		name := "sda1"
		if bus == "virtio" {
			name = "vda1"
		}
		total := max(size-firmware, 0)
		list = append(list, map[string]any{
			"name": name, "mountpoint": "/", "type": "ext4", "used-bytes": min(used, total/2),
			"total-bytes": total - total/reserved, "total-bytes-privileged": total,
			"disk": []any{map[string]any{
				"dev": "/dev/" + name, "bus-type": bus, "bus": 0, "target": 0, "unit": unit,
				"serial":         "0QEMU_QEMU_HARDDISK_drive-" + slot,
				"pci-controller": map[string]any{"domain": 0, "bus": 1, "slot": 1, "function": 0},
			}},
		})
		break
	}
	return map[string]any{"result": list}, nil
}
