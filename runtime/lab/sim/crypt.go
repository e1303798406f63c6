package sim

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// Crypt is crypt(3) with the methods $5$ (SHA-256) and $6$ (SHA-512), after
// Ulrich Drepper's description of them: settings is "$6$[rounds=N$]SALT[$…]", the
// result the whole hash. It is "" for settings it cannot read. The number of
// rounds is bounded, so a login costs no more than a second.
func Crypt(password []byte, settings string) string {
	const least, usual, most = 1000, 5000, 200_000
	newHash, method := sha512.New, "$6$"
	if strings.HasPrefix(settings, "$5$") {
		newHash, method = sha256.New, "$5$"
	}
	rest, ok := strings.CutPrefix(settings, method)
	if !ok {
		return ""
	}
	rounds, explicit := usual, false
	if after, ok := strings.CutPrefix(rest, "rounds="); ok {
		text, salt, found := strings.Cut(after, "$")
		n, err := strconv.Atoi(text)
		if !found || err != nil || n > most {
			return ""
		}
		rounds, explicit, rest = max(n, least), true, salt
	}
	salt, _, _ := strings.Cut(rest, "$")
	salt = salt[:min(len(salt), 16)]

	b := newHash()
	add(b, password, []byte(salt), password)
	alternate := b.Sum(nil)

	a := newHash()
	add(a, password, []byte(salt), cycle(alternate, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			a.Write(alternate)
		} else {
			a.Write(password)
		}
	}
	sum := a.Sum(nil)

	dp := newHash()
	for range len(password) {
		dp.Write(password)
	}
	p := cycle(dp.Sum(nil), len(password))
	ds := newHash()
	for range 16 + int(sum[0]) {
		ds.Write([]byte(salt))
	}
	s := cycle(ds.Sum(nil), len(salt))

	for i := range rounds {
		c := newHash()
		if i&1 != 0 {
			c.Write(p)
		} else {
			c.Write(sum)
		}
		if i%3 != 0 {
			c.Write(s)
		}
		if i%7 != 0 {
			c.Write(p)
		}
		if i&1 != 0 {
			c.Write(sum)
		} else {
			c.Write(p)
		}
		sum = c.Sum(sum[:0])
	}
	prefix := method
	if explicit {
		prefix += fmt.Sprintf("rounds=%d$", rounds)
	}
	return prefix + salt + "$" + cryptBase64(sum)
}

func add(h hash.Hash, parts ...[]byte) {
	for _, p := range parts {
		h.Write(p)
	}
}

// cycle repeats block to n bytes.
func cycle(block []byte, n int) []byte {
	out := make([]byte, 0, n+len(block))
	for len(out) < n {
		out = append(out, block...)
	}
	return out[:n]
}

// cryptBase64 writes the bytes in the order the method prescribes: groups of
// three, a third of the hash apart, whose first index moves on by that from
// group to group; forwards for SHA-512, backwards for SHA-256.
func cryptBase64(sum []byte) string {
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var out strings.Builder
	put := func(w uint32, n int) {
		for range n {
			out.WriteByte(digits[w&63])
			w >>= 6
		}
	}
	third := len(sum) / 3
	x, y, z := 0, third, 2*third
	for range third {
		put(uint32(sum[x])<<16|uint32(sum[y])<<8|uint32(sum[z]), 4)
		if len(sum) == sha512.Size {
			x, y, z = y+1, z+1, x+1
		} else {
			x, y, z = z+1, x+1, y+1
		}
	}
	if len(sum) == sha512.Size {
		put(uint32(sum[63]), 2)
	} else {
		put(uint32(sum[31])<<8|uint32(sum[30]), 3)
	}
	return out.String()
}
