package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/homestak/homestak/lang/addr"
)

// StepKey is what a step's id is made from. Ordinal tells steps of one address
// and op apart ("ready", "undo"), in words rather than numbers so that a step
// more does not rename the others.
type StepKey struct {
	Addr    addr.Address
	Op      Op
	Ordinal string
}

// Shortest id, in hex digits.
const minStepID = 8

// StepIDs names steps: the first 8 hex digits of the SHA-256 of each key, and
// four more at a time for those that would share an id. The order of keys does
// not matter. Two equal keys get equal ids, which Encode refuses.
func StepIDs(keys []StepKey) []StepID {
	type entry struct {
		sum [sha256.Size]byte
		at  int
	}
	entries := make([]entry, len(keys))
	var text []byte
	for i, k := range keys {
		text = append(text[:0], k.Addr...)
		text = append(text, '\n', byte(k.Op), '\n')
		text = append(text, k.Ordinal...)
		entries[i] = entry{sha256.Sum256(text), i}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	// An id must differ from its neighbours' in sorted order; then it differs from all.
	shared := func(i, j int) int {
		if i < 0 || j >= len(entries) {
			return 0
		}
		a, b := &entries[i].sum, &entries[j].sum
		n := 0
		for n < 2*len(a) && nibble(a, n) == nibble(b, n) {
			n++
		}
		return n
	}
	// All ids are parts of one string: a million small ones would cost more.
	ends := make([]int, len(entries))
	all := make([]byte, 0, minStepID*len(entries))
	var digits [2 * sha256.Size]byte
	for i := range entries {
		length := minStepID
		for length <= max(shared(i-1, i), shared(i, i+1)) && length < len(digits) {
			length += 4
		}
		hex.Encode(digits[:], entries[i].sum[:])
		all = append(all, digits[:length]...)
		ends[i] = len(all)
	}
	ids, joined, start := make([]StepID, len(keys)), StepID(all), 0
	for i, end := range ends {
		ids[entries[i].at] = joined[start:end]
		start = end
	}
	return ids
}

func nibble(sum *[sha256.Size]byte, n int) byte {
	if n%2 == 0 {
		return sum[n/2] >> 4
	}
	return sum[n/2] & 15
}
