package system

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// labpveum NAME SITE FILE does on a lab what an administrator who runs the printed
// commands does, and makes the token it gives the site's.
func cmdPveum(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: labpveum NAME SITE FILE")
	}
	l := labNamed(ts, args[0])
	token := ""
	for _, line := range strings.Split(ts.ReadFile(args[2]), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		body, err := l.pveum(line)
		if err != nil {
			ts.Fatalf("%s: %v", line, err)
		}
		var made struct {
			Data struct {
				ID    string `json:"full-tokenid"`
				Value string `json:"value"`
			}
		}
		if json.Unmarshal([]byte(body), &made) == nil && made.Data.Value != "" {
			token = made.Data.ID + "=" + made.Data.Value
		}
	}
	if token == "" {
		return
	}
	file := filepath.Join(ts.MkAbs(args[1]), "secrets.yaml")
	old, err := os.ReadFile(file)
	ts.Check(err)
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(string(old), l.token, token)), 0o600))
}

// pveum sends the request that a pveum command stands for.
func (l *labProcess) pveum(line string) (string, error) {
	f := strings.Fields(strings.ReplaceAll(line, `"`, ""))
	flag := func(name string) string {
		for i, word := range f {
			if word == "--"+name && i+1 < len(f) {
				return name + "=" + f[i+1]
			}
		}
		return name + "="
	}
	if len(f) < 4 {
		return "", fmt.Errorf("no such command")
	}
	switch strings.Join(f[:3], " ") {
	case "pveum role add":
		return l.call("POST", "/access/roles", "roleid="+f[3], flag("privs"))
	case "pveum role modify":
		return l.call("PUT", "/access/roles/"+f[3], flag("privs"))
	case "pveum user add":
		return l.call("POST", "/access/users", "userid="+f[3])
	case "pveum user token":
		return l.call("POST", "/access/users/"+f[4]+"/token/"+f[5], flag("privsep"))
	case "pveum acl modify":
		return l.call("PUT", "/access/acl", "path="+f[3], flag("users"), flag("roles"), flag("propagate"))
	}
	return "", fmt.Errorf("no such command")
}
