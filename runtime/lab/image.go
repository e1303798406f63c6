package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// builtinMagic begins the small images that come with homestak; their header
// says how large the disk is that they stand for.
const builtinMagic = "homestak builtin image 1\n"

// imageSize is the size of the disk that an image file stands for. The format
// is the one its name claims; a file that is not of that format is an error
// with the text of qemu-img.
func imageSize(path, format string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte(builtinMagic)) && bytes.Contains(head, []byte("\nformat: "+format+"\n")):
		return builtinSize(head)
	case format == "qcow2" && (len(head) < 72 || !bytes.HasPrefix(head, []byte("QFI\xfb"))):
		return 0, errors.New("qemu-img: Could not open image: Image is not in qcow2 format")
	case format == "qcow2":
		return int64(binary.BigEndian.Uint64(head[24:32]) & (1<<62 - 1)), nil
	case format == "vmdk" && !bytes.HasPrefix(head, []byte("KDMV")) && !bytes.HasPrefix(head, []byte("# Disk DescriptorFile")):
		return 0, errors.New("qemu-img: Could not open image: Image is not in vmdk format")
	case bytes.HasPrefix(head, []byte(builtinMagic)):
		return builtinSize(head)
	}
	return (info.Size() + 511) &^ 511, nil
}

func builtinSize(head []byte) (int64, error) {
	lines := bufio.NewScanner(bytes.NewReader(head))
	for lines.Scan() && lines.Text() != "" {
		if v, ok := strings.CutPrefix(lines.Text(), "virtual-size: "); ok {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || n <= 0 {
				return 0, fmt.Errorf("builtin image with a bad size %q", v)
			}
			return n, nil
		}
	}
	return 0, errors.New("builtin image without a size")
}
