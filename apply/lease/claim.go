package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Claim is what a lease says about its holder.
type Claim struct {
	Holder  string // "alice@laptop", for people
	Run     string // id of the run
	Process string // which process on which boot of which machine, "" when that cannot be told
	Expires time.Time
}

// prefix of every pool that is a lease.
const prefix = "hs-lease-"

// Key names the lease of a manifest: the common prefix of its terms.
func Key(siteID, manifest string) string {
	sum := sha256.Sum256([]byte(siteID + "\x00" + manifest))
	return prefix + hex.EncodeToString(sum[:8])
}

func poolID(key string, term uint) string { return fmt.Sprintf("%s-%d", key, term) }

// termOf is the inverse of poolID.
func termOf(key, id string) (uint, bool) {
	digits, ok := strings.CutPrefix(id, key+"-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint(n), err == nil && n > 0
}

const version = "homestak lease 1"

// comment is one line that people can read in Proxmox VE's own interface.
// Holder comes last: it alone may hold blanks.
func (c Claim) comment() string {
	return fmt.Sprintf("%s expires=%s run=%s process=%s holder=%s",
		version, c.Expires.UTC().Format(time.RFC3339), c.Run, c.Process, c.Holder)
}

func parseClaim(comment string) (Claim, bool) {
	var c Claim
	rest, ok := strings.CutPrefix(strings.TrimSpace(comment), version+" ")
	if !ok {
		return c, false
	}
	rest, c.Holder, ok = strings.Cut(rest, " holder=")
	fields := strings.Fields(rest)
	if !ok || len(fields) != 3 {
		return c, false
	}
	var expires string
	for i, f := range []struct {
		name string
		into *string
	}{{"expires=", &expires}, {"run=", &c.Run}, {"process=", &c.Process}} {
		if *f.into, ok = strings.CutPrefix(fields[i], f.name); !ok {
			return c, false
		}
	}
	at, err := time.Parse(time.RFC3339, expires)
	c.Expires = at
	return c, err == nil
}
