package jsonschema

// Forms of what secrets.yaml holds, as the compiler judges it; "" is a blank to
// fill in. Numbers are left to it as well: a user may have a token that looks
// like one.
const (
	apiToken  = `^$|^[^\s:/!=@]+@[A-Za-z][A-Za-z0-9._-]*![A-Za-z][A-Za-z0-9._-]*=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`
	hash      = `^$|^\$[!-)+-9;-~]*\$[!-)+-9;-~]*\$[!-)+-9;-~]*$`
	publicKey = `^\s*$|^([^\r\n]*\s)?(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+\s+AAAA[A-Za-z0-9+/=]*(\s[^\r\n]*)?\n?$`
)

// secrets describes secrets.yaml, which belongs to no table: the compiler reads
// the names in it and lets go of the values.
func secrets() *node {
	section := func(doc, pattern, refusal string) *node {
		value := &node{Type: types{"string", "null"}, Pattern: pattern, Refusal: refusal, BadPattern: refusal}
		if pattern == "" {
			value = &node{}
		}
		return &node{Type: types{"object", "null"}, Description: doc, Markdown: doc, Further: value}
	}
	passwords := section("Password hashes. vm_root is root's on every node; without it root has none.", "", "")
	passwords.Properties = named{{"vm_root", &node{Type: types{"string", "null"}, Pattern: hash,
		Description: "Hash of root's password, as `openssl passwd -6` prints it.",
		BadPattern:  "expected a hash, as openssl passwd -6 prints it; the password itself belongs nowhere"}}}
	return &node{Type: types{"object"}, Properties: named{
		{"api_tokens", section("One API token per Proxmox VE host, by the host's name in hosts/.", apiToken,
			"expected a token as Proxmox VE shows it when it is made: USER@REALM!NAME=UUID")},
		{"api_passwords", section("Passwords of users who log in to a host's API, by the host's name in hosts/. A token is better: it can be taken back.", "", "")},
		{"passwords", passwords},
		{"ssh_keys", section("Public SSH keys, by a name of your choice; users of specs get them.", publicKey,
			"expected the one line of a .pub file: ssh-ed25519 AAAA… comment")},
		{"auth", section("Keys that upstream homestak signs with.", "", "")},
		{"sops", &node{Description: "What SOPS keeps to open the file again.", DoNotSuggest: true}},
	}, Further: &node{Renamed: "homestak does not read this section"}}
}
