package sim

import (
	"crypto/sha512"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// sha512Crypt is crypt(3) with method $6$, after Ulrich Drepper's description
// of it: settings is "$6$[rounds=N$]SALT[$…]", the result the whole hash. It is
// "" for settings it cannot read. The number of rounds is bounded, so a login
// costs no more than a second.
func sha512Crypt(password []byte, settings string) string {
	const least, usual, most = 1000, 5000, 200_000
	rest := strings.TrimPrefix(settings, "$6$")
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

	b := sha512.New()
	add(b, password, []byte(salt), password)
	alternate := b.Sum(nil)

	a := sha512.New()
	add(a, password, []byte(salt), cycle(alternate, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			a.Write(alternate)
		} else {
			a.Write(password)
		}
	}
	sum := a.Sum(nil)

	dp := sha512.New()
	for range len(password) {
		dp.Write(password)
	}
	p := cycle(dp.Sum(nil), len(password))
	ds := sha512.New()
	for range 16 + int(sum[0]) {
		ds.Write([]byte(salt))
	}
	s := cycle(ds.Sum(nil), len(salt))

	for i := range rounds {
		c := sha512.New()
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
	prefix := "$6$"
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

// cryptBase64 writes the 64 bytes in the order the method prescribes: groups
// of three, 21 apart, whose first index moves on by 21 from group to group.
func cryptBase64(sum []byte) string {
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var out strings.Builder
	put := func(w uint32, n int) {
		for range n {
			out.WriteByte(digits[w&63])
			w >>= 6
		}
	}
	x, y, z := 0, 21, 42
	for range 21 {
		put(uint32(sum[x])<<16|uint32(sum[y])<<8|uint32(sum[z]), 4)
		x, y, z = y+1, z+1, x+1
	}
	put(uint32(sum[63]), 2)
	return out.String()
}
