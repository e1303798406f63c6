package apply

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/homestak/homestak/apply/lease"
)

// thisProcess names this process so that another one on the same machine can
// tell for certain whether it still lives: boot, pid namespace, pid, and the
// time it started. It is "" where /proc does not say, and then nobody can tell.
func thisProcess() string {
	where, ok := machineID()
	if !ok {
		return ""
	}
	pid := os.Getpid()
	start, ok := startTime(pid)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s/%d/%s", where, pid, start)
}

// processIsDead reports whether a claim's process ran on this boot of this
// machine, in this pid namespace, and is gone. Anything uncertain is false.
func processIsDead(c lease.Claim) bool {
	i := strings.LastIndexByte(c.Process, '/')
	if i < 0 {
		return false
	}
	rest, start := c.Process[:i], c.Process[i+1:]
	i = strings.LastIndexByte(rest, '/')
	if i < 0 {
		return false
	}
	pid, err := strconv.Atoi(rest[i+1:])
	where, ok := machineID()
	if err != nil || !ok || where != rest[:i] {
		return false
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	// Not being shown a process (hidepid) is no proof that it is gone.
	if errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return true
	}
	now, readable := startTime(pid)
	return readable && now != start
}

// machineID tells boots of machines and pid namespaces apart.
func machineID() (string, bool) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", false
	}
	space, err := os.Readlink("/proc/self/ns/pid") // "pid:[4026531836]"
	if err != nil {
		return "", false
	}
	return strings.TrimSpace(string(boot)) + "/" + strings.Trim(space, "pid:[]"), true
}

// startTime of a live process, in clock ticks since boot: field 22 of its stat
// line, counted after the command name, which may hold anything. A zombie has
// none: it writes nothing any more.
func startTime(pid int) (string, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return "", false
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", true
	}
	return fields[19], true
}
