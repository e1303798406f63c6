package system_test

import (
	"testing"

	"github.com/homestak/homestak/runtime/system"
	"github.com/homestak/homestak/runtime/system/systemtest"
)

func TestMemoryContract(t *testing.T) {
	for _, os := range system.Bases() {
		t.Run(os, func(t *testing.T) {
			o := systemtest.Options{Package: "htop", UnitPackage: "nginx", Unit: "nginx.service"}
			systemtest.Run(t, o, func(t *testing.T) system.System {
				m, err := system.NewMemory(os)
				if err != nil {
					t.Fatal(err)
				}
				m.Boot()
				return m
			})
		})
	}
}
