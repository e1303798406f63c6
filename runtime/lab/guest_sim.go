package lab

import "github.com/homestak/homestak/runtime/lab/guest"

// simulated makes the default hypervisor of a lab.
func simulated(l *Lab) (guest.Hypervisor, error) { return bareHypervisor{}, nil }
