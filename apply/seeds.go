package apply

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/homestak/homestak/plan/identity"
)

// newSeedName is a name for a node's seed that nobody can guess.
func newSeedName(uuid string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return identity.SeedName(uuid, hex.EncodeToString(b[:]))
}
