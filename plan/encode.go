package plan

// Encode writes a plan file. It refuses a plan that Decode would refuse.
func Encode(p *Plan) ([]byte, error) { return nil, nil }

// Decode reads a plan file. Every error is a *diag.Diagnostic.
func Decode(data []byte) (*Plan, error) { return nil, nil }

// Digest is the plan digest, 64 hex digits: the SHA-256 of the encoded program
// section. It is the identity that people review and approve.
func (p *Program) Digest() string { return "" }

// EncodeFacts writes a facts file.
func EncodeFacts(f *Facts) ([]byte, error) { return nil, nil }

// DecodeFacts reads a facts file. Every error is a *diag.Diagnostic.
func DecodeFacts(data []byte) (*Facts, error) { return nil, nil }
