package plan_test

import (
	"testing"

	"github.com/homestak/homestak/plan"
)

func TestSecretsDigest(t *testing.T) {
	refs := []plan.SecretRef{{Name: "a", Digest: "01"}, {Name: "b", Digest: "02"}, {Name: "c"}}
	both := plan.SecretsDigest([]string{"a", "b"}, refs)
	if len(both) != 64 || both != plan.SecretsDigest([]string{"b", "c", "a", "a"}, []plan.SecretRef{refs[1], refs[0]}) {
		t.Errorf("order, repeats or a secret without a digest make a difference: %s", both)
	}
	for name, other := range map[string]string{
		"one of them":   plan.SecretsDigest([]string{"a"}, refs),
		"another value": plan.SecretsDigest([]string{"a", "b"}, []plan.SecretRef{{Name: "a", Digest: "01"}, {Name: "b", Digest: "03"}}),
		"exchanged":     plan.SecretsDigest([]string{"a", "b"}, []plan.SecretRef{{Name: "a", Digest: "02"}, {Name: "b", Digest: "01"}}),
	} {
		if other == both || other == "" {
			t.Errorf("%s: %q", name, other)
		}
	}
	if d := plan.SecretsDigest([]string{"c", "d"}, refs); d != "" || plan.SecretsDigest(nil, refs) != "" || plan.SecretsDigest([]string{"a"}, nil) != "" {
		t.Errorf("nothing is locked: %q", d)
	}
}
