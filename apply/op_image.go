package apply

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

const codeImage diag.Code = "HS0672"

// imageFetch brings an image to a host under the name that holds its digest.
type imageFetch struct{ *task }

func (o imageFetch) probe(ctx context.Context) (bool, error) {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return false, err
	}
	return h.hasVolume(ctx, o.s.Text(plan.ArgStorage), o.s.Text(plan.ArgVolume))
}

func (o imageFetch) act(ctx context.Context) error {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return err
	}
	storage, source, sum := o.s.Text(plan.ArgStorage), o.s.Text(plan.ArgSource), o.s.Text(plan.ArgChecksum)
	content, file := contentOf(o.s.Text(plan.ArgVolume))
	name, isBuiltin := strings.CutPrefix(source, "builtin:")
	if !isBuiltin {
		upid, err := h.api.DownloadURL(ctx, h.node, storage, content, file, source, sum)
		return o.wait(ctx, h, upid, err)
	}
	data, err := o.builtin(name, sum)
	if err != nil {
		return err
	}
	return o.upload(ctx, h, storage, content, file, sum, data)
}

// builtin finds the bytes of a builtin image and makes sure that they are the
// ones the plan was made for: another version of homestak may carry others.
func (o imageFetch) builtin(name, checksum string) ([]byte, error) {
	var data []byte
	ok := o.env.Builtin != nil
	if ok {
		data, ok = o.env.Builtin(name)
	}
	if !ok {
		d := codeImage.Errorf("there is no builtin image %q", name)
		d.Help = "plan again with this version of homestak"
		return nil, d
	}
	if !matches(data, checksum) {
		d := codeImage.Errorf("builtin image %q is not the one the plan was made with", name)
		d.Help = "plan again with this version of homestak"
		return nil, d
	}
	return data, nil
}

func matches(data []byte, checksum string) bool {
	algorithm, want, _ := strings.Cut(checksum, ":")
	var sum []byte
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(data)
		sum = s[:]
	case "sha512":
		s := sha512.Sum512(data)
		sum = s[:]
	}
	return sum != nil && strings.EqualFold(hex.EncodeToString(sum), want)
}

// upload puts bytes on a storage, verified there by their checksum.
func (t *task) upload(ctx context.Context, h *host, storage, content, file, checksum string, data []byte) error {
	upid, err := h.api.UploadVolume(ctx, h.node, storage, pve.Upload{
		Content: content, Filename: file, Size: int64(len(data)), Body: bytes.NewReader(data), Checksum: checksum,
	})
	return t.wait(ctx, h, upid, err)
}

// contentImport is the content type of disk images and seeds.
const contentImport = "import"

// contentOf splits a volume id of a file into its content type and its name.
func contentOf(volume string) (content, file string) {
	_, path, _ := strings.Cut(volume, ":")
	content, file, _ = strings.Cut(path, "/")
	return content, file
}

func (h *host) hasVolume(ctx context.Context, storage, volume string) (bool, error) {
	content, _ := contentOf(volume)
	list, err := h.api.Volumes(ctx, h.node, storage, content)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, func(v pve.Volume) bool { return v.ID == volume }), nil
}
