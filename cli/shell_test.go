package cli

import (
	"os/exec"
	"testing"
)

// A shell reads back what it was given.
func TestShellWord(t *testing.T) {
	for _, s := range []string{"", "web", "a/b-1.c", "web-*", "spec=base and not x", "it's", `"a b"`, "$HOME `id` \\ ! \n", "~", "#x", "-n"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellWord(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q is written %s and read back as %q: %v", s, shellWord(s), out, err)
		}
	}
	if got := shellWord("shop/db"); got != "shop/db" {
		t.Errorf("quotes that nobody needs: %s", got)
	}
}
