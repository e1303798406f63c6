package identity

import "strings"

// An uploaded seed's name says whose it is, so that one that a dead run left
// behind is found without any memory, and cannot be guessed, so that nobody
// plants another in its place. Lower case: some storages fold it.
const (
	seedPrefix = "hs-seed-"
	uuidLength = len("00000000-0000-0000-0000-000000000000")
)

// seedSuffixes are the ends of a seed's name, by the content type of its volume.
var seedSuffixes = [...]struct{ content, suffix string }{{"import", ".raw"}, {"iso", ".iso"}}

// SeedName is the file name of a node's seed that is uploaded to become a disk of
// its guest, SeedCD that of one that its guest is shown as a CD-ROM. random, lower
// case without a dash, is what makes it one of its own.
func SeedName(uuid, random string) string {
	return seedPrefix + uuid + "-" + random + seedSuffixes[0].suffix
}

func SeedCD(uuid, random string) string {
	return seedPrefix + uuid + "-" + random + seedSuffixes[1].suffix
}

// SeedOwner is the uuid of the node an uploaded seed was made for, "" for a
// volume that is no seed. A volume id is storage:content/name.
func SeedOwner(volume string) string {
	_, path, _ := strings.Cut(volume, ":")
	content, name, _ := strings.Cut(path, "/")
	for _, s := range seedSuffixes {
		rest, isOne := strings.CutPrefix(name, seedPrefix)
		if i := strings.LastIndexByte(rest, '-'); s.content == content && isOne && i == uuidLength && strings.HasSuffix(rest, s.suffix) {
			return rest[:i]
		}
	}
	return ""
}
