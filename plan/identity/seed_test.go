package identity_test

import (
	"testing"

	"github.com/homestak/homestak/plan/identity"
)

func TestSeedNames(t *testing.T) {
	uuid := identity.UUID(site, "m", "m/a")
	name := identity.SeedName(uuid, "00ff")
	if got := identity.SeedOwner("local:iso/" + identity.SeedCD(uuid, "00ff")); got != uuid {
		t.Errorf("the owner of a CD-ROM is %q", got)
	}
	if got := identity.SeedOwner("local:import/" + name); got != uuid {
		t.Errorf("the owner of %s is %q", name, got)
	}
	for _, volume := range []string{
		name, "local:iso/" + name, "local:import/" + identity.SeedCD(uuid, "00ff"), "local:vztmpl/" + name, "local:import/x" + name, "local:import/" + name + ".tmp", "local:import/hs-seed-" + uuid + ".raw",
		"local:import/hs-seed-short-00ff.raw", "local:import/debian-12-0123456789ab.qcow2", "",
	} {
		if got := identity.SeedOwner(volume); got != "" {
			t.Errorf("%q is a seed of %q", volume, got)
		}
	}
}
