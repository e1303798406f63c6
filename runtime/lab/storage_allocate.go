package lab

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

var diskName = regexp.MustCompile(`^(?:vm|subvol)-(\d+)-\S+$`)

// contentAllocate is POST …/content: an empty volume for a guest, whether there
// is one or not.
func (c *call) contentAllocate() (any, error) {
	s, err := c.mustStorage()
	if err != nil {
		return nil, err
	}
	name, format, vmid := c.str("filename"), c.str("format"), c.vmid()
	stem := name
	if s.files() {
		ext := strings.TrimPrefix(path.Ext(name), ".")
		switch {
		case ext != "raw" && ext != "qcow2" && ext != "vmdk":
			return nil, fmt.Errorf("unable to parse volume filename '%s'", name)
		case format != "" && format != ext:
			return nil, badParam("format", "different storage formats ("+format+" != "+ext+")")
		}
		stem, format = strings.TrimSuffix(name, "."+ext), ext
	} else if format != "" && format != "raw" {
		return nil, fmt.Errorf("unsupported format '%s'", format)
	}
	if m := diskName.FindStringSubmatch(stem); m == nil || m[1] != vmidText(vmid) {
		return nil, fmt.Errorf("illegal name '%s' - should be 'vm-%d-*'", name, vmid)
	}
	if err := s.holds("images"); err != nil {
		return nil, err
	}
	text := c.str("size")
	if strings.Trim(text, "0123456789") == "" {
		text += "K"
	}
	size, ok := parseSize(text)
	if !ok {
		return nil, errors.New("unable to parse size '" + text + "'")
	}
	if format == "" {
		format = "raw"
	}
	v, err := c.makeVolume(spot{storage: s, vmid: vmid, stem: stem, format: format}, content{size: size})
	if err != nil {
		return nil, err
	}
	return v.id(), nil
}

// storageIndex is GET …/storage/{storage}.
func (c *call) storageIndex() (any, error) {
	if _, err := c.mustStorage(); err != nil {
		return nil, err
	}
	return subdirs("content download-url file-restore prunebackups rrd rrddata status upload"), nil
}

// nodeIndex is GET /nodes/{node}: what the lab has of it.
func (c *call) nodeIndex() (any, error) {
	list := []any{}
	for _, name := range strings.Fields("capabilities certificates lxc network qemu query-url-metadata status storage tasks time version") {
		list = append(list, map[string]any{"name": name})
	}
	return list, nil
}

// nodeTime is GET /nodes/{node}/time; a node of the lab lives in UTC.
func (c *call) nodeTime() (any, error) {
	now := c.now().Unix()
	return map[string]any{"time": now, "localtime": now, "timezone": "Etc/UTC"}, nil
}
