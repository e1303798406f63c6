package system

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// A copy of our guest carries its marker, its tags and its uuid, and is still
// not ours: it is named, refused and never written to, whether ours is still
// there or not.
func TestCopyIsNotOurs(t *testing.T) {
	b := newKillBench(t)
	b.ok("create", "-M", "n1-push", "-H", "box", "--yes")
	ids, err := b.lab.guests()
	if err != nil {
		t.Fatal(err)
	}
	ours := ids[0]
	if ours == strangerID {
		ours = ids[1]
	}
	var got struct {
		Data struct{ Description, Smbios1, Tags, Net0 string }
	}
	if err := json.Unmarshal([]byte(b.api("GET", "/nodes/lab/qemu/"+ours+"/config")), &got); err != nil {
		t.Fatal(err)
	}
	const copied = "5555"
	b.api("POST", "/nodes/lab/qemu", "vmid="+copied, "name=another", "description="+got.Data.Description, "smbios1="+got.Data.Smbios1, "tags="+got.Data.Tags)
	before := b.api("GET", "/nodes/lab/qemu/"+copied+"/config")

	b.refusedNaming(copied, "create", "-M", "n1-push", "-H", "box", "--yes")
	b.ok("destroy", "-M", "n1-push", "-H", "box", "--yes")
	b.refusedNaming(copied, "create", "-M", "n1-push", "-H", "box", "--yes")

	if after := b.api("GET", "/nodes/lab/qemu/"+copied+"/config"); after != before {
		t.Errorf("the copy was changed:\n%s\n%s", before, after)
	}
	b.untouched()
}

// refusedNaming demands exit 4 and that the output names what is in the way.
func (b *killBench) refusedNaming(name string, args ...string) {
	b.t.Helper()
	out, err := b.command(args...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 4 {
		b.t.Fatalf("homestak %s: %v, want exit 4\n%s", strings.Join(args, " "), err, out)
	}
	if !strings.Contains(string(out), name) {
		b.t.Fatalf("homestak %s does not name %s:\n%s", strings.Join(args, " "), name, out)
	}
}
