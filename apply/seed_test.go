package apply_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/stdlib"
)

const firstBoot = `schema_version: 2
name: boot
nodes:
  - name: one
    spec: web
    network: {ip: 10.0.0.10/24}
    interfaces: [{ip: 10.0.0.11/24}, {slot: 4}]
    cloud_init:
      packages: [nginx]
      files:
        - {path: /etc/motd, content: "hello\n", mode: "0600"}
        - {path: /srv/alice, content: "for her", owner: homestak-driver}
      commands: ["echo done > /root/first-boot"]
`

// What a node adds to its first boot is there after it, and its further
// interfaces have their addresses; neither is there to be planned again.
func TestFirstBoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"boot": firstBoot})
	p := w.plan("boot", plan.GoalCreate)
	w.must(p, apply.Done)
	w.shell(p, "boot/one", "sudo -n test -f /root/first-boot && test -f /srv/alice && sudo -n grep -q hello /etc/motd")
	var addresses []string
	nics := w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/agent/network-get-interfaces", vmid(p, "boot/one"))).(map[string]any)["result"].([]any)
	for _, n := range nics {
		n := n.(map[string]any)
		list, _ := n["ip-addresses"].([]any)
		for _, a := range list {
			addresses = append(addresses, n["name"].(string)+" "+a.(map[string]any)["ip-address"].(string))
		}
	}
	got := strings.Join(addresses, ", ")
	if !strings.Contains(got, "eth0 10.0.0.10") || !strings.Contains(got, "eth1 10.0.0.11") {
		t.Errorf("the guest has %s", got)
	}
	if again := w.plan("boot", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("%d steps are left", len(again.Program.Steps))
	}
	w.write("manifests/boot.yaml", strings.Replace(firstBoot, "nginx", "apache2", 1))
	later := w.plan("boot", plan.GoalCreate)
	if got := said(later, "HS0708"); !strings.Contains(got, "cloud_init") || len(later.Program.Steps) != 0 {
		t.Errorf("%d steps, and it says %q", len(later.Program.Steps), got)
	}
}

const appliance = `schema_version: 2
name: app
nodes:
  - {name: one, spec: web, image: appliance}
  - {name: two, spec: web, cloud_init: {carrier: cdrom}}
`

// A seed that is a CD-ROM is told of, read, and gone when the guest is ready; and
// where it was, no seed is left behind.
func TestSeedOnCD(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app": appliance})
	b, _ := stdlib.Builtin("debian-12")
	w.write("images/appliance.yaml", fmt.Sprintf("source: builtin:debian-12\nchecksum: sha256:%x\nformat: raw\nseed: cdrom\n", sha256.Sum256(b)))
	p := w.plan("app", plan.GoalCreate)
	if got := said(p, "HS0724"); !strings.Contains(got, `because image "appliance" reads CD-ROMs alone and PVE's own drive does not do (without a static address`) || !strings.Contains(got, "because the manifest wants it so") {
		t.Errorf("the plan says %q", got)
	}
	shown := false
	w.react = func(e apply.Event) {
		if e.Kind == apply.StepStarted && e.Op == "Guest.Start" && e.Addr == "app/one" {
			config := w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/config", vmid(p, "app/one"))).(map[string]any)
			shown = strings.Contains(fmt.Sprint(config["scsi1"]), ".iso,media=cdrom")
		}
	}
	w.must(p, apply.Done)
	w.react = nil
	if !shown {
		t.Error("the guest started without a CD-ROM")
	}
	if left := w.seedFiles(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	config := w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/config", vmid(p, "app/one"))).(map[string]any)
	if config["scsi1"] != nil {
		t.Errorf("the guest still has %v", config["scsi1"])
	}
	if again := w.plan("app", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("%d steps are left: %v", len(again.Program.Steps), again.Program.Steps)
	}
	w.must(w.plan("app", plan.GoalDestroy), apply.Done)
}

const onDrive = `schema_version: 2
name: drive
nodes:
  - name: one
    spec: web
    image: appliance
    network: {ip: 10.0.0.10/24, dns: [10.0.0.1], domain: home.arpa}
    interfaces: [{ip: 10.0.0.11/24}, {}]
`

// PVE's own drive carries names, addresses and the driver's way in. The host key is
// believed once and remembered, and no agent is needed.
func TestSeedOnPVEsDrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"drive": onDrive})
	b, _ := stdlib.Builtin("debian-12")
	w.write("images/appliance.yaml", fmt.Sprintf("source: builtin:debian-12\nchecksum: sha256:%x\nformat: raw\nseed: cdrom\n", sha256.Sum256(b)))
	p := w.plan("drive", plan.GoalCreate)
	if got := said(p, "HS0723"); !strings.Contains(got, `because image "appliance" reads CD-ROMs alone`) {
		t.Errorf("the plan says %q", got)
	}
	w.must(p, apply.Done)
	config := w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/config", vmid(p, "drive/one"))).(map[string]any)
	if config["scsi1"] != nil {
		t.Errorf("the guest still has %v", config["scsi1"])
	}
	if again := w.plan("drive", plan.GoalCreate); len(again.Program.Steps) != 0 || said(again, "HS0708") != "" {
		t.Errorf("%d steps are left, %q", len(again.Program.Steps), said(again, "HS0708"))
	}
	// Another run knows the guest by the key that it showed first.
	w.write("specs/web.yaml", strings.Replace(string(w.files["specs/web.yaml"].Data), "[curl]", "[curl, nginx]", 1))
	w.env.StateDir = t.TempDir()
	w.must(w.plan("drive", plan.GoalCreate), apply.Done)
	w.must(w.plan("drive", plan.GoalDestroy), apply.Done)
}

// A run that ends between making a guest and its first boot leaves the CD-ROM where
// it is, for the guest has to read it; whoever goes on takes it away.
func TestInterruptedSeedOnCD(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Guest.Create", "Guest.Start", "Seed.Remove"} {
		w := newWorld(t, map[string]string{"app": strings.Replace(appliance, "image: appliance", "cloud_init: {carrier: cdrom}", 1)})
		ctx, stop := context.WithCancel(t.Context())
		w.react = func(e apply.Event) {
			if e.Kind == apply.StepStarted && e.Op == op {
				stop()
			}
		}
		p := w.plan("app", plan.GoalCreate)
		w.runCtx(ctx, p, apply.Options{})
		w.react = nil
		w.env.StateDir = t.TempDir()
		w.must(w.plan("app", plan.GoalCreate), apply.Done)
		if left := w.seedFiles(); len(left) > 0 {
			t.Errorf("stopped at %s, %v is left behind", op, left)
		}
		if again := w.plan("app", plan.GoalCreate); len(again.Program.Steps) != 0 {
			t.Errorf("stopped at %s, %d steps are left", op, len(again.Program.Steps))
		}
		stop()
	}
}

// Clones get their seeds by the same ways.
func TestSeedsOfClones(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app": `schema_version: 2
name: app
nodes:
  - {name: one, spec: web, clone: linked, cloud_init: {carrier: cdrom}}
  - {name: two, spec: web, clone: full, network: {ip: 10.0.0.10/24}, cloud_init: {carrier: pve}}
`})
	w.must(w.plan("app", plan.GoalCreate), apply.Done)
	if left := w.seedFiles(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if again := w.plan("app", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("%d steps are left: %v", len(again.Program.Steps), again.Program.Steps)
	}
}
