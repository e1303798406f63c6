package pve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Storage is a storage as one node sees it.
type Storage struct {
	Name      string
	Type      string   // dir, lvmthin, zfspool, nfs, …
	Content   []string // sorted
	Available uint64   // bytes
	Shared    bool
	Active    bool
}

// Volume is one entry of a storage.
type Volume struct {
	ID      string // "local:import/debian-13.qcow2"
	Content string
	Format  string
	Size    uint64 // bytes
	VMID    uint   // the owner, 0 = none
}

// Storages lists the enabled storages of a node, by name.
func (c *Client) Storages(ctx context.Context, node string) ([]Storage, error) {
	var items []struct {
		Storage scalar `json:"storage"`
		Type    scalar `json:"type"`
		Content scalar `json:"content"`
		Avail   scalar `json:"avail"`
		Shared  scalar `json:"shared"`
		Active  scalar `json:"active"`
	}
	query := url.Values{"enabled": {"1"}}
	if err := c.read(ctx, "/nodes/"+seg(node)+"/storage", query, &items); err != nil {
		return nil, err
	}
	var list []Storage
	for _, it := range items {
		list = append(list, Storage{
			Name: it.Storage.text, Type: it.Type.text, Content: splitContent(it.Content.text),
			Available: it.Avail.number(), Shared: it.Shared.truth(), Active: it.Active.truth(),
		})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

func splitContent(s string) []string {
	types := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	sort.Strings(types)
	return types
}

// StorageContent reads which content types a storage is configured for, sorted.
func (c *Client) StorageContent(ctx context.Context, storage string) ([]string, error) {
	var it struct {
		Content scalar `json:"content"`
	}
	if err := c.read(ctx, "/storage/"+seg(storage), nil, &it); err != nil {
		return nil, err
	}
	return splitContent(it.Content.text), nil
}

// SetStorageContent replaces the content types of a storage.
func (c *Client) SetStorageContent(ctx context.Context, storage string, types []string) error {
	return c.write(ctx, http.MethodPut, "/storage/"+seg(storage), map[string]string{"content": strings.Join(types, ",")}, nil)
}

// Volumes lists the entries of one content type ("import", "iso", "images"), by
// id. content "" lists all.
func (c *Client) Volumes(ctx context.Context, node, storage, content string) ([]Volume, error) {
	var items []struct {
		ID      scalar `json:"volid"`
		Content scalar `json:"content"`
		Format  scalar `json:"format"`
		Size    scalar `json:"size"`
		VMID    scalar `json:"vmid"`
	}
	query := url.Values{}
	if content != "" {
		query.Set("content", content)
	}
	if err := c.read(ctx, storagePath(node, storage)+"/content", query, &items); err != nil {
		return nil, err
	}
	var list []Volume
	for _, it := range items {
		list = append(list, Volume{
			ID: it.ID.text, Content: it.Content.text, Format: it.Format.text,
			Size: it.Size.number(), VMID: uint(it.VMID.number()),
		})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, nil
}

func storagePath(node, storage string) string {
	return "/nodes/" + seg(node) + "/storage/" + seg(storage)
}

// Upload is a file on its way to a storage.
type Upload struct {
	Content  string    // "import" or "iso"
	Filename string    // with the extension PVE wants for the content type
	Size     int64     // exact number of bytes of Body
	Body     io.Reader // Size bytes; closed when ctx ends, if it can be, so that it cannot stall an upload
	Checksum string    // "sha256:<hex>" or "sha512:<hex>"; PVE verifies it in the task
}

// UploadVolume streams a file to a storage. A file of that name is overwritten,
// unless the checksum is wrong: then the task fails and the old file stays.
// Only ctx bounds it. It is never retried.
func (c *Client) UploadVolume(ctx context.Context, node, storage string, up Upload) (UPID, error) {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	c.writes.Add(1)
	return c.upload(ctx, storagePath(node, storage)+"/upload", up)
}

// DownloadURL has the host fetch url into a storage. A download that fails, or
// has another checksum, fails in the task.
func (c *Client) DownloadURL(ctx context.Context, node, storage, content, filename, source, checksum string) (UPID, error) {
	algorithm, digest, err := splitChecksum(checksum)
	if err != nil {
		return "", err
	}
	return c.task(ctx, http.MethodPost, storagePath(node, storage)+"/download-url", []plan.KV{
		{Key: "content", Value: content}, {Key: "filename", Value: filename}, {Key: "url", Value: source},
		{Key: "checksum", Value: digest}, {Key: "checksum-algorithm", Value: algorithm},
	})
}

// DeleteVolume removes a volume ("local:import/x.raw").
func (c *Client) DeleteVolume(ctx context.Context, node, volume string) (UPID, error) {
	storage, _, ok := strings.Cut(volume, ":")
	if !ok {
		return "", fmt.Errorf("pve: %q is not a volume id (storage:name)", volume)
	}
	var upid UPID
	return upid, c.remove(ctx, storagePath(node, storage)+"/content/"+seg(volume), nil, &upid)
}

func splitChecksum(s string) (algorithm, digest string, err error) {
	algorithm, digest, ok := strings.Cut(s, ":")
	if !ok || digest == "" || algorithm == "" {
		return "", "", fmt.Errorf("pve: %q is not a checksum (algorithm:hex)", s)
	}
	return algorithm, digest, nil
}
