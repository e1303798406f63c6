package system

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// editorLines are the blocks of docs/guide/editors.md in one language.
func editorLines(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guide/editors.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	if len(out) == 0 {
		t.Fatalf("docs/guide/editors.md has no block of %s", language)
	}
	return out
}

// Each editor is told to start the same command.
func TestEditorsStartTheServer(t *testing.T) {
	var settings map[string]any
	if err := json.Unmarshal([]byte(editorLines(t, "json")[0]), &settings); err != nil {
		t.Fatal(err)
	}
	args, _ := settings["glspc.server.commandArguments"].([]any)
	if settings["glspc.server.command"] != "homestak" || len(args) != 1 || args[0] != "lsp" {
		t.Errorf("VS Code: %v", settings)
	}
	for language, line := range map[string]string{
		"lua": `cmd = { "homestak", "lsp" }`, "toml": "command = \"homestak\"\nargs = [\"lsp\"]", "elisp": `("homestak" "lsp")`,
	} {
		if text := editorLines(t, language)[0]; !strings.Contains(text, line) {
			t.Errorf("%s lacks %s:\n%s", language, line, text)
		}
	}
}

// Neovim with the guide's lines in its init.lua shows what validate would say.
func TestNeovimAsTheGuideSetsItUp(t *testing.T) {
	if os.Getenv("HOMESTAK_EDITORS") == "" {
		t.Log("HOMESTAK_EDITORS is not set: left out Neovim with the guide's lines")
		return
	}
	s := newSession(t)
	s.file("yaml", "# site.yaml\nsite_id: 6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11\n")
	for kind, bad := range map[string]string{
		"yaml": "# manifests/y.yaml\nschema_version: 2\nname: y\nnodes:\n  - name: a\n    preset: vm-smal\n",
		"hcl":  "# manifests/h.hcl\nmanifest \"h\" {\n  node \"a\" {\n    preset = preset.vm-smal\n  }\n}\n",
	} {
		s.file(kind, bad)
	}
	// It waits for findings in each file, prints them, and leaves.
	const script = `
for _, name in ipairs({ "manifests/y.yaml", "manifests/h.hcl" }) do
  vim.cmd("edit " .. name)
  vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 10)
  for _, d in ipairs(vim.diagnostic.get(0)) do
    io.stdout:write(string.format("%s:%d:%d %s\n", name, d.lnum + 1, d.col + 1, d.message))
  end
end
vim.cmd("qall!")
`
	home := t.TempDir()
	for name, text := range map[string]string{"init.lua": editorLines(t, "lua")[0], "check.lua": script} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("nvim", "--headless", "-n", "-u", filepath.Join(home, "init.lua"), "-c", "luafile "+filepath.Join(home, "check.lua"))
	cmd.Dir, cmd.Env = s.dir, append(s.env, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("nvim: %v\n%s", err, out)
	}
	for _, want := range []string{"manifests/y.yaml:6:13 ", "manifests/h.hcl:4:"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no finding at %s:\n%s", want, out)
		}
	}
}
