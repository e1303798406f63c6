package apply_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// No secret value reaches a plan, an event, a report, a journal or the host's
// own log; not of a run that works, and not of one that fails.
func TestNoSecretLeaks(t *testing.T) {
	t.Parallel()
	for _, onError := range []string{"", "broken"} {
		w := newWorld(t, map[string]string{"duo": strings.ReplaceAll(duo, "spec: web", "spec: leaf")})
		packages := "[curl]"
		if onError != "" {
			packages = "[curl, no-such-package]"
		}
		w.write("specs/leaf.yaml", "schema_version: 1\naccess:\n  users:\n    - name: alice\n      sudo: true\n      ssh_keys: [ssh_keys.alice]\nplatform:\n  packages: "+packages+"\n")
		p := w.plan("duo", plan.GoalCreate)
		r := w.run(p, apply.Options{})
		if (r.Outcome == apply.Done) != (onError == "") {
			t.Fatalf("%s\n%s", r.Outcome, tell(r))
		}

		_, labToken, _ := strings.Cut(w.lab.Token(), "=")
		canaries := map[string]string{"key": canaryKey, "password": canaryPW, "token": labToken, "private key": "PRIVATE KEY"}
		seen := map[string]string{"report": tell(r)}
		put := func(name string, v any) {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			seen[name] = string(data)
		}
		put("events", w.events)
		put("report.json", r)
		put("log", w.log())
		encoded, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		seen["plan.bin"] = string(encoded)
		minted := 0
		err = filepath.WalkDir(w.env.StateDir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if filepath.Base(filepath.Dir(path)) != "tokens" {
				seen[path] = string(data)
				return nil
			}
			// The one place where a token is kept is for its owner alone.
			minted++
			if info, _ := d.Info(); info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			var f struct{ Token string }
			if err := json.Unmarshal(data, &f); err != nil {
				return err
			}
			_, canaries["minted token"], _ = strings.Cut(f.Token, "=")
			return nil
		})
		if err != nil || minted != 1 || canaries["minted token"] == "" {
			t.Fatalf("%d tokens were kept: %v", minted, err)
		}
		if len(seen) < 6 {
			t.Fatalf("too little was looked at: %d texts", len(seen))
		}
		for place, text := range seen {
			for what, canary := range canaries {
				if strings.Contains(text, canary) {
					t.Errorf("the %s is in %s", what, place)
				}
			}
		}
	}
}
