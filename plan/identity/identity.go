package identity

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
)

// UUID is a node's birth identity: the UUIDv5 (RFC 9562) of the name
// "manifest/address" in the namespace siteID. A siteID that is not a UUID
// stands for the v5 of its text in the nil namespace.
func UUID(siteID, manifest string, a addr.Address) string {
	space, ok := parseUUID(siteID)
	if !ok {
		space = v5([16]byte{}, siteID)
	}
	return formatUUID(v5(space, manifest+"/"+string(a)))
}

func v5(space [16]byte, name string) [16]byte {
	h := sha1.New()
	h.Write(space[:])
	h.Write([]byte(name))
	var u [16]byte
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

func parseUUID(s string) (u [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return u, false
	}
	return [16]byte(b), true
}

func formatUUID(u [16]byte) string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// MAC is the address of a node's NIC in a slot: 02, which is unicast and
// locally administered, then 40 bits of a hash. Upper case, as PVE prints it.
func MAC(uuid string, slot int) string {
	sum := sha256.Sum256([]byte("homestak mac\n" + uuid + "\n" + strconv.Itoa(slot)))
	return fmt.Sprintf("02:%02X:%02X:%02X:%02X:%02X", sum[0], sum[1], sum[2], sum[3], sum[4])
}

// VMID is where a node's guest goes: the hash of its uuid in [first, last],
// then the next number, around the end, until one is not taken. It is false
// when the range is empty or full.
func VMID(uuid string, first, last uint, taken func(uint) bool) (uint, bool) {
	if first == 0 || last < first {
		return 0, false
	}
	sum := sha256.Sum256([]byte("homestak vmid\n" + uuid))
	width := uint64(last-first) + 1
	start := binary.BigEndian.Uint64(sum[:8]) % width
	for i := range width {
		id := first + uint((start+i)%width)
		if !taken(id) {
			return id, true
		}
	}
	return 0, false
}

// ManagedTag is on every guest homestak makes.
const ManagedTag = "homestak"

// Longest tag homestak makes. PVE sets no limit, its tables and filters do.
const maxTag = 64

// Tag names a guest's manifest, "hs-n2-push". A PVE tag has lower-case letters,
// digits and _ - + . only; what does not fit is replaced, and a hash of the full
// name keeps two manifests apart.
func Tag(manifest string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_', r == '.', r == '+':
			return r
		}
		return '-'
	}, manifest)
	if clean == manifest && len(manifest) <= maxTag-len("hs-") && manifest != "" {
		return "hs-" + manifest
	}
	sum := sha256.Sum256([]byte("homestak tag\n" + manifest))
	return "hs-" + clean[:min(len(clean), 40)] + "." + hex.EncodeToString(sum[:6])
}

// Instance is the cloud-init instance id: it changes when the node is replaced
// and for nothing else.
func Instance(uuid string, incarnation uint) string {
	return uuid + "-" + strconv.FormatUint(uint64(incarnation), 10)
}
