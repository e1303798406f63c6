package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/system"
)

// Files that cloud-init keeps.
const (
	instancePath = "/var/lib/cloud/data/instance-id"
	resultPath   = "/run/cloud-init/result.json"
	disabledPath = "/run/cloud-init/disabled"
	outputPath   = "/var/log/cloud-init-output.log"
	sudoersPath  = "/etc/sudoers.d/90-cloud-init-users"
	pwauthPath   = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
)

// cloudInit is one run of cloud-init, at every boot.
type cloudInit struct {
	os     *operatingSystem
	errors []string
}

func (c *cloudInit) fail(module string, err error) {
	if err != nil {
		c.errors = append(c.errors, module+": "+strings.TrimSpace(err.Error()))
	}
}

// cloudInitResult is /run/cloud-init/result.json, as cloud-init writes it.
type cloudInitResult struct {
	V1 struct {
		Datasource *string  `json:"datasource"`
		Errors     []string `json:"errors"`
	} `json:"v1"`
}

// runCloudInit looks for a seed and, when it is of another instance than the
// last one, makes the machine what it says. It reports whether it did.
func runCloudInit(ctx context.Context, o *operatingSystem, disks []guest.Disk) (applied bool) {
	if _, ok, _ := o.Installed(ctx, "cloud-init"); !ok {
		return false
	}
	c := &cloudInit{os: o}
	files, source, err := c.findSeed(ctx, disks)
	if err == nil && files == nil {
		c.write(ctx, disabledPath, []byte("disabled by cloud-init-generator\n"), 0o644)
		return false
	}
	if err != nil {
		c.fail("datasource", err)
	} else {
		applied = c.instance(ctx, files)
	}
	var r cloudInitResult
	r.V1.Datasource, r.V1.Errors = &source, c.errors
	if r.V1.Errors == nil {
		r.V1.Errors = []string{}
	}
	c.log(ctx, source)
	text, _ := json.MarshalIndent(r, "", " ")
	c.write(ctx, resultPath, append(text, '\n'), 0o644)
	return applied
}

// log adds this run to the log that people look at.
func (c *cloudInit) log(ctx context.Context, source string) {
	text, _, err := c.os.ReadFile(ctx, outputPath)
	if err != nil && !errors.Is(err, system.ErrNotExist) {
		c.fail("log", err)
	}
	for _, e := range c.errors {
		text = append(text, "error: "+e+"\n"...)
	}
	text = fmt.Appendf(text, "Cloud-init finished boot %d. Datasource %s.\n", c.os.Boots(), source)
	c.write(ctx, outputPath, text, 0o640)
}

// findSeed reads the seed disk, else the machine's own copy; nil files mean
// that there is no seed.
func (c *cloudInit) findSeed(ctx context.Context, disks []guest.Disk) (*seed.Files, string, error) {
	for i, d := range disks {
		data, err := seedBytes(d.Path)
		if err != nil {
			return nil, "", err
		}
		if data == nil {
			continue
		}
		device := "/dev/sr0"
		if !d.CDROM {
			device = "/dev/sd" + string(rune('a'+min(i, 25)))
		}
		files, err := seed.Parse(data)
		return files, "DataSourceNoCloud [seed=" + device + "]", err
	}
	var f seed.Files
	for name, to := range map[string]*[]byte{"user-data": &f.UserData, "meta-data": &f.MetaData, "network-config": &f.NetworkConfig} {
		data, _, err := c.os.ReadFile(ctx, path.Join(seed.LocalSeed, name))
		if err != nil && !errors.Is(err, system.ErrNotExist) {
			return nil, "", err
		}
		*to = data
	}
	if f.UserData == nil || f.MetaData == nil {
		return nil, "", nil
	}
	return &f, "DataSourceNoCloud [seed=" + seed.LocalSeed + "]", nil
}

// seedBytes is the content of a disk that carries the label of a seed, nil for
// any other.
func seedBytes(file string) ([]byte, error) {
	const label, size, most = 32768 + 40, 32, 8 << 20
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var field [size]byte
	if _, err := f.ReadAt(field[:], label); err != nil {
		return nil, nil // shorter than any file system
	}
	if !strings.EqualFold(string(bytes.TrimRight(field[:], " \x00")), seed.Label) {
		return nil, nil
	}
	return io.ReadAll(io.NewSectionReader(f, 0, most))
}

// instance applies a seed unless this instance has had it.
func (c *cloudInit) instance(ctx context.Context, files *seed.Files) bool {
	meta, err := parseMetaData(files.MetaData)
	if err != nil {
		c.fail("datasource", err)
		return false
	}
	if last, _, err := c.os.ReadFile(ctx, instancePath); err == nil && strings.TrimSpace(string(last)) == meta.InstanceID {
		return false
	}
	u, err := parseUserData(files.UserData)
	if err != nil {
		c.fail("user-data", err)
		u = &userData{}
	}
	for _, key := range u.unknown {
		c.fail(key, errors.New("the lab's cloud-init does not know this key"))
	}
	c.network(ctx, files.NetworkConfig)
	for _, f := range u.WriteFiles {
		if !f.Defer {
			c.fail("write_files", c.writeFile(ctx, f))
		}
	}
	c.hostname(ctx, u, meta)
	c.hostKeys(ctx, u)
	c.users(ctx, u)
	c.fail("timezone", c.timezone(ctx, u))
	if len(u.Packages) > 0 {
		c.fail("package_update_upgrade_install", c.os.Install(ctx, u.Packages...))
	}
	for _, f := range u.WriteFiles {
		if f.Defer {
			c.fail("write_files_deferred", c.writeFile(ctx, f))
		}
	}
	for _, cmd := range u.RunCmd {
		c.fail("scripts_user", c.run(ctx, cmd))
	}
	c.write(ctx, instancePath, []byte(meta.InstanceID+"\n"), 0o644)
	return true
}

func (c *cloudInit) write(ctx context.Context, file string, data []byte, mode fs.FileMode) {
	c.fail(path.Base(file), c.os.WriteFile(ctx, file, data, system.FileInfo{Mode: mode, Owner: "root", Group: "root"}))
}

func (c *cloudInit) network(ctx context.Context, config []byte) {
	if config == nil {
		return
	}
	if isNetworkV1(config) {
		var err error
		if config, err = renderV1(config); err != nil {
			c.fail("network", err)
			return
		}
	}
	if _, err := parseNetplan(config); err != nil {
		c.fail("network", err)
		return
	}
	text := config
	if !bytes.HasPrefix(bytes.TrimSpace(config), []byte("network:")) {
		text = []byte("network:\n")
		for line := range bytes.Lines(config) {
			text = append(append(text, "  "...), line...)
		}
	}
	c.write(ctx, netplanPath, text, 0o600)
}

func (c *cloudInit) writeFile(ctx context.Context, f writeFile) error {
	data, err := f.bytes()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	info := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	if f.Permissions != "" {
		mode, err := strconv.ParseUint(f.Permissions, 8, 9)
		if err != nil {
			return fmt.Errorf("%s: permissions %q are not octal", f.Path, f.Permissions)
		}
		info.Mode = fs.FileMode(mode)
	}
	if f.Owner != "" {
		info.Owner, info.Group, _ = strings.Cut(f.Owner, ":")
		if info.Group == "" {
			info.Group = info.Owner
		}
	}
	if f.Append {
		if old, _, err := c.os.ReadFile(ctx, f.Path); err == nil {
			data = append(old, data...)
		}
	}
	return c.os.WriteFile(ctx, f.Path, data, info)
}

func (c *cloudInit) run(ctx context.Context, cmd command) error {
	var out bytes.Buffer
	sh := c.os.shell(rootIdentity())
	var code int
	if cmd.argv != nil {
		code = sh.RunArgs(ctx, cmd.argv, strings.NewReader(""), io.Discard, &out)
	} else {
		code = sh.RunText(ctx, cmd.line, strings.NewReader(""), io.Discard, &out)
	}
	if code != 0 {
		return fmt.Errorf("%s%s exited with %d: %s", cmd.line, strings.Join(cmd.argv, " "), code, strings.TrimSpace(out.String()))
	}
	return nil
}
