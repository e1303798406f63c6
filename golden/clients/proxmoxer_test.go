package clients_test

import (
	"os/exec"
	"strings"
	"testing"
)

// python is Debian's own, whatever else is installed.
const python = "/usr/bin/python3"

// Debian's proxmoxer lives with the lab as with Proxmox VE.
func TestProxmoxer(t *testing.T) {
	if !installed(t, "python3-proxmoxer", python, "-c", "import proxmoxer, requests") {
		return
	}
	t.Parallel()
	s := serve(t)
	out, err := exec.CommandContext(t.Context(), python, "testdata/story.py", s.host, node, s.token, s.image, s.template).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "OK\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
