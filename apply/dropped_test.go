package apply_test

import "testing"

// A key that only loses parts is written, and then there is nothing left to do.
func TestPartsAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.edit(", disks: [{name: data, size: 1, ssd: true, backup: false}], network: {firewall: true, rate: 10}", makesVM...)
	w.edit(", disks: [{name: data, size: 1, ssd: true}], network: {firewall: true}", "guest.configure")
	w.edit(", disks: [{name: data, size: 1, discard: false}]", append([]string{"guest.configure"}, reboots...)...)
	w = newWorld(t, nil)
	w.edit(", type: ct, disks: [{name: data, size: 1, path: /srv}]", makesCT...)
	w.edit(", type: ct, disks: [{name: data, size: 1, path: /srv, backup: false}]", append([]string{"guest.configure"}, reboots...)...)
}
