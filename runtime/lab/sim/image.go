package sim

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
)

// imageHeader is the first line of an image that boots; the header ends with
// an empty line and fits in headerSize.
const (
	imageHeader = "homestak builtin image 1"
	headerSize  = 64 << 10
)

// image is what the header of a boot disk says.
type image struct {
	name string
	os   string // a name system.NewMemory knows
}

var errNotBootable = errors.New("no operating system on it")

// readImage reads the header of a disk. Anything else than a builtin image
// is errNotBootable: the lab cannot run real operating systems here.
func readImage(path string) (image, error) {
	if path == "" {
		return image{}, errNotBootable
	}
	f, err := os.Open(path)
	if err != nil {
		return image{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, headerSize))
	if err != nil {
		return image{}, err
	}
	head, _, ok := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || lines[0] != imageHeader {
		return image{}, errNotBootable
	}
	var img image
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "name":
			img.name = value
		case "os":
			img.os = value
		}
	}
	if img.os == "" {
		return image{}, errNotBootable
	}
	return img, nil
}
