package apply

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply/lease"
)

func TestOnlyACertainDeathCounts(t *testing.T) {
	me := thisProcess()
	if me == "" {
		t.Fatal("this machine has /proc and the process has no name")
	}
	if processIsDead(lease.Claim{Process: me}) {
		t.Error("this process takes itself for dead")
	}
	where, start := me[:strings.LastIndex(me[:strings.LastIndex(me, "/")], "/")], me[strings.LastIndex(me, "/"):]

	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := where + "/" + strconv.Itoa(gone.Process.Pid) + start
	if !processIsDead(lease.Claim{Process: dead}) {
		t.Error("a process that ended counts as alive")
	}
	reused := me[:strings.LastIndex(me, "/")] + "/1"
	if !processIsDead(lease.Claim{Process: reused}) {
		t.Error("a process whose pid was given to another one counts as alive")
	}
	for _, elsewhere := range []string{"", "x", "other-boot/1/2/3", "other-boot" + dead[strings.Index(dead, "/"):]} {
		if processIsDead(lease.Claim{Process: elsewhere}) {
			t.Errorf("%q: nobody here can know", elsewhere)
		}
	}
}
