package expr

import (
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
)

var netFuncs = []Func{
	{
		Name: "cidrhost", Params: []Param{{Name: "prefix", Kind: Text}, {Name: "number", Kind: Number}},
		Doc:  `An address of a network by its number: cidrhost("10.0.9.0/24", 5) is 10.0.9.5; negative numbers count from the end.`,
		Call: cidrHost,
	},
	{
		Name: "cidrsubnet", Params: []Param{{Name: "prefix", Kind: Text}, {Name: "bits", Kind: Number}, {Name: "number", Kind: Number}},
		Doc:  `A part of a network, longer by bits, by its number: cidrsubnet("10.0.0.0/16", 8, 9) is 10.0.9.0/24.`,
		Call: cidrSubnet,
	},
	{
		Name: "cidrnetmask", Params: []Param{{Name: "prefix", Kind: Text}}, Doc: `The mask of an IPv4 network: cidrnetmask("10.0.9.0/24") is 255.255.255.0.`,
		Call: cidrNetmask,
	},
}

func prefix(v cty.Value) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(v.AsString())
	if err != nil {
		return p, blame(0, "%q is not a network such as 10.0.9.0/24", v.AsString())
	}
	return p.Masked(), nil
}

// offset is the address n after a, which must be inside p.
func offset(p netip.Prefix, n *big.Int) (netip.Addr, bool) {
	sum := new(big.Int).Add(new(big.Int).SetBytes(p.Addr().AsSlice()), n)
	size := p.Addr().BitLen() / 8
	if sum.Sign() < 0 || sum.BitLen() > 8*size {
		return netip.Addr{}, false
	}
	a, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, size)))
	return a, p.Contains(a)
}

func integer(v cty.Value) (*big.Int, bool) {
	f := v.AsBigFloat()
	i, _ := f.Int(nil)
	return i, f.IsInt()
}

func cidrHost(a []cty.Value, _ *Budget) (cty.Value, error) {
	p, err := prefix(a[0])
	if err != nil {
		return cty.NilVal, err
	}
	n, ok := integer(a[1])
	if !ok {
		return cty.NilVal, blame(1, "the number must be whole")
	}
	at := n
	if n.Sign() < 0 { // -1 is the last address
		at = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), uint(p.Addr().BitLen()-p.Bits())), n)
	}
	addr, ok := offset(p, at)
	if !ok || at.Sign() < 0 {
		return cty.NilVal, blame(1, "%s has no address number %s", p, n)
	}
	return cty.StringVal(addr.String()), nil
}

func cidrSubnet(a []cty.Value, _ *Budget) (cty.Value, error) {
	p, err := prefix(a[0])
	if err != nil {
		return cty.NilVal, err
	}
	bits, ok := whole(a[1])
	if !ok || bits < 0 || bits > p.Addr().BitLen()-p.Bits() {
		return cty.NilVal, blame(1, "%s can be made longer by 0 to %d bits", p, p.Addr().BitLen()-p.Bits())
	}
	n, ok := integer(a[2])
	if !ok || n.Sign() < 0 || n.BitLen() > bits {
		return cty.NilVal, blame(2, "%d more bits give the numbers 0 to %s", bits,
			new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1)))
	}
	length := p.Bits() + bits
	addr, _ := offset(p, new(big.Int).Lsh(n, uint(p.Addr().BitLen()-length)))
	return cty.StringVal(netip.PrefixFrom(addr, length).String()), nil
}

func cidrNetmask(a []cty.Value, _ *Budget) (cty.Value, error) {
	p, err := prefix(a[0])
	if err != nil {
		return cty.NilVal, err
	}
	if !p.Addr().Is4() {
		return cty.NilVal, blame(0, "only IPv4 has masks")
	}
	mask := ^uint32(0) << (32 - p.Bits())
	return cty.StringVal(netip.AddrFrom4([4]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}).String()), nil
}
