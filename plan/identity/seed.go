package identity

import "strings"

// An uploaded seed's name says whose it is, so that one that a dead run left
// behind is found without any memory, and cannot be guessed, so that nobody
// plants another in its place. Lower case: some storages fold it.
const (
	seedPrefix = "hs-seed-"
	seedSuffix = ".raw"
	uuidLength = len("00000000-0000-0000-0000-000000000000")
)

// SeedName is the file name of a node's uploaded seed. random, lower case
// without a dash, is what makes it one of its own.
func SeedName(uuid, random string) string { return seedPrefix + uuid + "-" + random + seedSuffix }

// SeedOwner is the uuid of the node an uploaded seed was made for, "" for a
// volume that is no seed. A volume id is storage:import/name.
func SeedOwner(volume string) string {
	_, name, ok := strings.Cut(volume, ":import/")
	rest, isOne := strings.CutPrefix(name, seedPrefix)
	i := strings.LastIndexByte(rest, '-')
	if !ok || !isOne || i != uuidLength || !strings.HasSuffix(rest, seedSuffix) {
		return ""
	}
	return rest[:i]
}
