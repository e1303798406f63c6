package clients_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Debian's ansible makes, changes and deletes guests with the modules that its
// users have.
func TestAnsible(t *testing.T) {
	const playbook = "/usr/bin/ansible-playbook"
	if !installed(t, "python3-proxmoxer", python, "-c", "import proxmoxer, requests, requests_toolbelt") || !installed(t, "ansible", playbook, "--version") {
		return
	}
	t.Parallel()
	s := serve(t)
	id, secret, _ := strings.Cut(s.token, "=")
	_, name, _ := strings.Cut(id, "!")
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), playbook, "-i", "localhost,", "testdata/story.yml",
		"-e", "ansible_python_interpreter="+python, "-e", "host="+s.host, "-e", "node="+node,
		"-e", "token_id="+name, "-e", "token_secret="+secret, "-e", "work="+home, "-e", "image="+s.upload(t), "-e", "template="+s.template)
	cmd.Env = append(os.Environ(), "HOME="+home, "ANSIBLE_HOME="+home, "ANSIBLE_NOCOLOR=1", "ANSIBLE_LOCALHOST_WARNING=False", "ANSIBLE_DEPRECATION_WARNINGS=False",
		"REQUESTS_CA_BUNDLE=", "CURL_CA_BUNDLE=") // with which requests forgets that nobody asked for a proof
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("failed=0")) {
		t.Errorf("%v\n%s", err, out)
	}
}
