package converge

import (
	"bytes"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

// A policy that lets root in no longer does not lock out a driver who came in as
// root: he is given his own door first.
func TestAdmit(t *testing.T) {
	m, err := system.NewMemory("debian-12")
	if err != nil {
		t.Fatal(err)
	}
	m.Boot()
	if err := m.Remove(t.Context(), "sudo"); err != nil {
		t.Fatal(err)
	}
	data, err := program.Encode(&program.Program{Format: program.FormatVersion, Node: "m/box", Resources: []program.Resource{
		{SSHD: &program.SSHD{Port: 22, PermitRootLogin: "no", PasswordAuthentication: "no"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	serve := func(verb string) string {
		t.Helper()
		request, err := EncodeRequest(Request{Program: data, UserCA: "ssh-ed25519 AAAAca site"})
		if err != nil {
			t.Fatal(err)
		}
		var out, said bytes.Buffer
		code := Serve(t.Context(), m, []string{"config", verb, "--stdin"}, bytes.NewReader(request), &out, &said)
		if verb == "apply" && code != ExitOK {
			t.Fatalf("exit %d: %s%s", code, out.String(), said.String())
		}
		return out.String()
	}
	serve("check")
	if _, err := m.LookupUser(t.Context(), seed.DriverUser); err == nil {
		t.Error("a check made an account")
	}
	serve("apply")
	u, err := m.LookupUser(t.Context(), seed.DriverUser)
	if err != nil || !strings.HasPrefix(u.PasswordHash, "!") {
		t.Errorf("the driver's account is %+v, %v", u, err)
	}
	for path, want := range map[string]string{
		seed.UserCAPath: "ssh-ed25519 AAAAca site\n", seed.SSHDDropIn: "TrustedUserCAKeys " + seed.UserCAPath + "\n",
		seed.SudoDropIn: seed.DriverUser + " ALL=(ALL:ALL) NOPASSWD: ALL\n",
	} {
		if got, _, err := m.ReadFile(t.Context(), path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", path, got, err)
		}
	}
	out, err := m.Run(t.Context(), nil, "sshd", "-T")
	if err != nil || !strings.Contains(string(out), "trustedusercakeys "+seed.UserCAPath) || !strings.Contains(string(out), "permitrootlogin no") {
		t.Errorf("sshd: %v\n%s", err, out)
	}
	if again := serve("apply"); strings.Contains(again, `"changed":1`) {
		t.Errorf("a second time changes something: %s", again)
	}
}
