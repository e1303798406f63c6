package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// Bare makes machines without an operating system: they run, do not react to
// shutdown, and no agent answers, as a PVE guest with an empty disk does. For
// work on the API alone.
func Bare(*Lab) (guest.Hypervisor, error) { return bareHypervisor{}, nil }

type bareHypervisor struct{}

func (bareHypervisor) Machine(uint, func()) guest.Machine { return &bareMachine{} }
func (bareHypervisor) Close() error                       { return nil }

func (bareHypervisor) Dial(_ context.Context, network, address string) (net.Conn, error) {
	return nil, fmt.Errorf("dial %s %s: no route to host", network, address)
}

var errNoSystem = errors.New("the guest has no operating system")

type bareMachine struct {
	mu sync.Mutex
	on bool
}

func (m *bareMachine) set(on bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on = on
	return nil
}

func (m *bareMachine) Running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on
}

func (m *bareMachine) Install(context.Context, guest.Hardware, guest.Install) error { return nil }
func (m *bareMachine) Start(context.Context, guest.Hardware) error                  { return m.set(true) }
func (m *bareMachine) Resume(context.Context, guest.Hardware) error                 { return m.set(true) }
func (m *bareMachine) Pause(context.Context) error                                  { return m.set(false) }
func (m *bareMachine) Shutdown(context.Context) error                               { return guest.ErrNoReaction }
func (m *bareMachine) Stop() error                                                  { return m.set(false) }
func (m *bareMachine) Reset(context.Context) error                                  { return nil }
func (m *bareMachine) Hotplug(context.Context, guest.Hardware) error                { return nil }
func (m *bareMachine) AgentReady() bool                                             { return false }
func (m *bareMachine) Interfaces() []guest.Interface                                { return nil }
func (m *bareMachine) OS() guest.OS                                                 { return guest.OS{} }
func (m *bareMachine) ReadFile(context.Context, string) ([]byte, error) {
	return nil, errNoSystem
}
func (m *bareMachine) WriteFile(context.Context, string, []byte) error { return errNoSystem }
func (m *bareMachine) HasProgram(string) bool                          { return false }
func (m *bareMachine) Exec(context.Context, []string, io.Reader, io.Writer, io.Writer) (int, error) {
	return 0, errNoSystem
}
func (m *bareMachine) Destroy() error { return nil }
