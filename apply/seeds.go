package apply

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// A seed's name says whose it is, so that one that a dead run left behind is
// found without any memory, and cannot be guessed, so that nobody plants another
// in its place. Lower case: some storages fold it.
const seedPrefix = "hs-seed-"

func newSeedName(uuid string) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return seedPrefix + uuid + "-" + hex.EncodeToString(b[:]) + ".raw"
}

// seedOwner is the uuid of the node an uploaded seed was made for, "" for a
// volume that is no seed. A volume id is storage:import/name.
func seedOwner(volume string) string {
	_, name, ok := strings.Cut(volume, ":import/")
	rest, isOne := strings.CutPrefix(name, seedPrefix)
	i := strings.LastIndexByte(rest, '-')
	if !ok || !isOne || i != len("00000000-0000-0000-0000-000000000000") || !strings.HasSuffix(rest, ".raw") {
		return ""
	}
	return rest[:i]
}

func isSeed(volume string) bool { return seedOwner(volume) != "" }
