//go:build !linux

package system

import "errors"

// Local is the machine this process runs on.
func Local() (System, error) {
	return nil, errors.New("nodes are Linux machines, and this is none")
}
