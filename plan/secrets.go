package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// SecretsDigest says in 64 hex digits which secrets a node's program is brought
// to its guest with: those of names that have a keyed digest in refs. It is ""
// when none has one, and another one as soon as one of those values is. It gives
// nothing away: refs hold no value, only what a key made of it.
func SecretsDigest(names []string, refs []SecretRef) string {
	var lines []string
	for _, ref := range refs {
		if ref.Digest != "" && slices.Contains(names, ref.Name) {
			lines = append(lines, strconv.Quote(ref.Name)+" "+ref.Digest+"\n")
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte("homestak secrets\n" + strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
