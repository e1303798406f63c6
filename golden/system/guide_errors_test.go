package system

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
)

// pveSays are words that people will meet, as genuine Proxmox VE 9.2 has them.
var pveSays = []error{
	&pve.Error{Status: 401, Reason: "No ticket"},
	&pve.Error{Status: 401, Reason: "Authentication failed!"},
	&pve.Error{Status: 403, Reason: "Permission check failed (/vms/100, VM.Config.Memory)"},
	&pve.Error{Status: 400, Reason: "Parameter verification failed.", Fields: map[string]string{"memory": "value must have a minimum value of 16"}},
	&pve.Error{Status: 500, Reason: "VM is locked (backup)"},
	&pve.Error{Status: 500, Reason: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"},
	&pve.Error{Status: 500, Reason: "cfs-lock 'storage-local' error: got lock request timeout"},
	&pve.Error{Status: 500, Reason: "checksum mismatch (file change by other user?)"},
	&pve.Error{Status: 500, Reason: "unable to create VM 100 - VM 100 already exists on node 'pve1'"},
	&pve.Error{Status: 500, Reason: "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist"},
	&pve.Error{Status: 500, Reason: "storage 'nope' does not exist"},
	&pve.Error{Status: 500, Reason: "QEMU guest agent is not running"},
	&pve.Error{Status: 500, Reason: "cluster not ready - no quorum?"},
	&pve.Error{Status: 500, Reason: "can't remove VM 100 - protection mode enabled"},
	&pve.Error{Status: 500, Reason: "hostname lookup 'nope' failed - failed to get address info for: nope: Name or service not known"},
	&pve.Error{Status: 595, Reason: "No route to host"},
	&pve.Error{Status: 596, Reason: "Broken pipe"},
	&pve.TaskError{Exit: "command '/sbin/lvcreate …' failed: exit code 5"},
	&pve.TaskError{Exit: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"},
}

const (
	cataloguePage  = "../../docs/guide/when-pve-says-no.md"
	catalogueBegin = "<!-- the catalogue is generated: UPDATE_GUIDE=1 go test ./golden/system -run TestCatalogue -->\n"
)

// The end of the page on errors is what homestak makes of Proxmox VE's words, and
// what each code means.
func TestCatalogue(t *testing.T) {
	page, err := os.ReadFile(cataloguePage)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(page), catalogueBegin)
	if !found {
		t.Fatalf("%s has no line %s", cataloguePage, catalogueBegin)
	}
	want := head + catalogueBegin + catalogue(t)
	if want == string(page) {
		return
	}
	if os.Getenv("UPDATE_GUIDE") == "" {
		t.Fatalf("%s is out of date: UPDATE_GUIDE=1 writes it", cataloguePage)
	}
	if err := os.WriteFile(cataloguePage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func catalogue(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## What Proxmox VE says\n\n| it says | code | what to do |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`)
	for _, err := range pveSays {
		var said interface{ Diagnostic() *diag.Diagnostic }
		if !errors.As(err, &said) {
			t.Fatalf("%T says nothing to people", err)
		}
		d := said.Diagnostic()
		if d.Help == "" || d.Code == "" {
			t.Errorf("%v: no code, or nothing to do", err)
		}
		words := d.Label
		var task *pve.TaskError
		if errors.As(err, &task) {
			words = "a task ends with: " + task.Exit
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell.Replace(words), d.Code, cell.Replace(d.Help))
	}
	b.WriteString("\n## What the codes mean\n")
	for _, e := range diag.Entries() {
		if e.Code >= "HS0801" && e.Code < "HS0820" {
			fmt.Fprintf(&b, "\n**%s, %s.** %s\n", e.Code, e.Title, strings.Join(strings.Fields(e.Long), " "))
		}
	}
	return b.String()
}
