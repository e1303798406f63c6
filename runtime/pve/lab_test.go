package pve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/ssh"
	"github.com/homestak/homestak/stdlib"
)

// TestGuestLife takes one guest through everything the client can do, against
// the lab as anyone meets it: URL, fingerprint, token and the way through it.
func TestGuestLife(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l, err := lab.Open(ctx, lab.Config{Dir: t.TempDir(), SiteID: "site", Name: "father"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	token := secret.New([]byte(l.Token()))
	c, err := pve.New(pve.Config{Name: "father", Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), Token: token, PollMin: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	must := func(upid pve.UPID, err error) {
		t.Helper()
		if err == nil {
			err = c.Wait(ctx, upid, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	class := func(want pve.Class, err error) {
		t.Helper()
		if got := pve.ClassOf(err); got != want {
			t.Fatalf("class %s, want %s: %v", got, want, err)
		}
	}

	v, err := c.Version(ctx)
	if err != nil || v.RepoID != "lab" {
		t.Fatalf("%+v, %v", v, err)
	}
	cluster, err := c.Cluster(ctx)
	if err != nil || cluster.Local != l.Node() {
		t.Fatalf("%+v, %v", cluster, err)
	}
	node := cluster.Local
	storages, err := c.Storages(ctx, node)
	if err != nil || len(storages) == 0 {
		t.Fatalf("%+v, %v", storages, err)
	}
	i := slices.IndexFunc(storages, func(s pve.Storage) bool {
		return slices.Contains(s.Content, "import") && slices.Contains(s.Content, "images")
	})
	if i < 0 {
		t.Fatalf("no storage for images: %+v", storages)
	}
	store := storages[i].Name
	bridges, err := c.Bridges(ctx, node)
	if err != nil || len(bridges) != 1 {
		t.Fatalf("%v, %v", bridges, err)
	}
	if _, ok := c.ServerTime(); !ok {
		t.Error("the lab sends no dates")
	}
	if perms, err := c.Permissions(ctx); err != nil || len(perms) == 0 {
		t.Errorf("%v, %v", perms, err)
	}

	// The image: a wrong checksum fails the task, the right one makes a volume.
	image, ok := stdlib.Builtin("debian-12")
	if !ok {
		t.Fatal("no builtin image")
	}
	upload := func(name string, data []byte, sum string) (pve.UPID, error) {
		return c.UploadVolume(ctx, node, store, pve.Upload{
			Content: "import", Filename: name, Size: int64(len(data)), Body: bytes.NewReader(data), Checksum: sum,
		})
	}
	upid, err := upload("debian.raw", image, "sha256:"+strings.Repeat("0", 64))
	if err == nil {
		err = c.Wait(ctx, upid, nil)
	}
	var failed *pve.TaskError
	if !errors.As(err, &failed) || len(failed.LogTail) == 0 {
		t.Fatalf("a wrong checksum: %v", err)
	}
	must(upload("debian.raw", image, checksum(image)))

	keys, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const uuid, mac = "6a3c7d62-2f5c-5d2e-8a53-6f0d3a1b2c3d", "02:00:00:00:00:01"
	hostKey, hostCert, err := keys.HostKey(uuid)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := seed.Build(seed.Seed{
		Instance: uuid + "-1", Hostname: "web", MAC: mac, IP: "dhcp",
		UserCA: keys.UserCALine(), HostKeyPEM: hostKey, HostCert: string(hostCert),
	})
	if err != nil {
		t.Fatal(err)
	}
	must(upload("seed.raw", disk, checksum(disk)))
	volumes, err := c.Volumes(ctx, node, store, "import")
	if err != nil || len(volumes) != 2 {
		t.Fatalf("%+v, %v", volumes, err)
	}

	create := []plan.KV{
		{Key: "vmid", Value: "9001"}, {Key: "name", Value: "web"}, {Key: "cores", Value: "1"}, {Key: "memory", Value: "1024"},
		{Key: "scsi0", Value: store + ":0,import-from=" + store + ":import/debian.raw"},
		{Key: "scsi1", Value: store + ":0,import-from=" + store + ":import/seed.raw"},
		{Key: "boot", Value: "order=scsi0"}, {Key: "smbios1", Value: "uuid=" + uuid}, {Key: "agent", Value: "1"},
		{Key: "net0", Value: "virtio=" + mac + ",bridge=" + bridges[0]}, {Key: "tags", Value: "homestak"},
	}
	must(c.Guest("qemu", node, 0).Create(ctx, create))
	_, err = c.Guest("qemu", node, 0).Create(ctx, create)
	class(pve.Exists, err)
	must(c.DeleteVolume(ctx, node, store+":import/seed.raw"))
	config, err := c.Guest("qemu", node, 9001).Config(ctx)
	if err != nil || config.Digest == "" {
		t.Fatalf("%+v, %v", config, err)
	}
	must(c.Guest("qemu", node, 9001).Configure(ctx, []plan.KV{{Key: "description", Value: "ours"}}, nil, config.Digest))
	upid, err = c.Guest("qemu", node, 9001).Configure(ctx, []plan.KV{{Key: "cores", Value: "2"}}, nil, config.Digest)
	if err == nil {
		err = c.Wait(ctx, upid, nil)
	}
	class(pve.Digest, err)
	must(c.Guest("qemu", node, 9001).Resize(ctx, "scsi0", 8<<30, ""))
	class(pve.Permanent, c.PingAgent(ctx, node, 9001)) // "VM 9001 is not running"
	must(c.Guest("qemu", node, 9001).Start(ctx))
	address := awaitAddress(ctx, t, c, node, mac)

	// Through the lab's own tunnel, because the guest is on the lab's network only.
	via, err := pve.ViaDialer(l.URL(), l.Fingerprint(), token)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := keys.UserSigner(seed.DriverUser, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	hop := ssh.Hop{Name: "m/web", Addr: address + ":22", User: seed.DriverUser, UUID: uuid, HostCA: keys.HostCA(), Auth: auth}
	shell := dialPatiently(ctx, t, ssh.Config{Dialer: ssh.Dialer(via), Hops: []ssh.Hop{hop}})
	defer func() { _ = shell.Close() }()
	var out bytes.Buffer
	if err := shell.Run(ctx, "hostname", nil, &out, nil); err != nil || strings.TrimSpace(out.String()) != "web" {
		t.Fatalf("%q, %v", out.String(), err)
	}
	program := bytes.Repeat([]byte("program "), 10_000)
	digest := strings.TrimPrefix(checksum(program), "sha256:")
	file := "/usr/local/lib/homestak/" + digest + "/homestak"
	for _, first := range []bool{true, false} {
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(program)), nil }
		if sent, err := ssh.Upload(ctx, shell, open, digest, file); err != nil || sent != first {
			t.Fatalf("upload: %v, %v", sent, err)
		}
	}
	var exit *ssh.ExitError
	if err := shell.Run(ctx, "test -f /nonexistent", nil, nil, nil); !errors.As(err, &exit) || exit.Code != 1 {
		t.Errorf("got %v", err)
	}

	if err := c.UnlinkDisks(ctx, node, 9001, "scsi1"); err != nil {
		t.Fatal(err)
	}
	must(c.Guest("qemu", node, 9001).Reboot(ctx, 60))
	must(c.Guest("qemu", node, 9001).Shutdown(ctx, 60))
	status, err := c.Guest("qemu", node, 9001).Status(ctx)
	if err != nil || status.Power != "stopped" {
		t.Fatalf("%+v, %v", status, err)
	}
	must(c.Guest("qemu", node, 9001).Stop(ctx))
	must(c.Guest("qemu", node, 9001).Delete(ctx, true))
	_, err = c.Guest("qemu", node, 9001).Config(ctx)
	class(pve.NotExist, err)
	if guests, _, err := c.Guests(ctx); err != nil || len(guests) != 0 {
		t.Errorf("%+v, %v", guests, err)
	}

	if err := c.CreatePool(ctx, "hs-lease-1", "a"); err != nil {
		t.Fatal(err)
	}
	class(pve.Exists, c.CreatePool(ctx, "hs-lease-1", "b"))
	if err := c.SetPoolComment(ctx, "hs-lease-1", "c"); err != nil {
		t.Fatal(err)
	}
	if pools, err := c.Pools(ctx); err != nil || len(pools) != 1 || pools[0].Comment != "c" {
		t.Errorf("%+v, %v", pools, err)
	}
	if err := c.DeletePool(ctx, "hs-lease-1"); err != nil {
		t.Fatal(err)
	}
	minted, err := c.CreateToken(ctx, "root@pam", "second", "a test's", false)
	if err != nil {
		t.Fatal(err)
	}
	again, err := pve.New(pve.Config{Name: "father", Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), Token: minted})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	if _, err := again.Version(ctx); err != nil {
		t.Error(err)
	}
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// awaitAddress asks the agent until the guest has an address at its NIC.
func awaitAddress(ctx context.Context, t *testing.T, c *pve.Client, node, mac string) string {
	t.Helper()
	for ctx.Err() == nil {
		nics, err := c.AgentInterfaces(ctx, node, 9001)
		if err != nil && !pve.ClassOf(err).Retry() {
			t.Fatal(err)
		}
		for _, nic := range nics {
			for _, a := range nic.Addrs {
				if nic.MAC == mac && a.Addr().Is4() && a.Addr() != (netip.Addr{}) {
					return a.Addr().String()
				}
			}
		}
	}
	t.Fatal(ctx.Err())
	return ""
}

// dialPatiently waits for a machine that is still booting.
func dialPatiently(ctx context.Context, t *testing.T, cfg ssh.Config) *ssh.Client {
	t.Helper()
	for {
		c, err := ssh.Dial(ctx, cfg)
		if err == nil {
			return c
		}
		var e *ssh.Error
		if ctx.Err() != nil || !errors.As(err, &e) || !e.Retry() {
			t.Fatal(fmt.Errorf("dial: %w", err))
		}
	}
}
