package system

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/homestak/homestak/cli"
)

// asHomestak makes the test binary behave as the program, so that processes
// can be started, killed and counted without building anything twice.
const asHomestak = "HOMESTAK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	program := func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
	if os.Getenv(asHomestak) != "" {
		program()
	}
	testscript.Main(m, map[string]func(){"homestak": program})
}

// homestak is a process of the program.
func homestak(dir string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asHomestak+"=1", "HOMESTAK_SITE=", "NO_COLOR=1")
	return cmd
}
