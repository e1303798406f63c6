package lab

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
)

// mostFile is how much of a file the agent reads at once.
const mostFile = 16 << 20

// agentFileRead is GET …/agent/file-read.
func (c *call) agentFileRead() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	data, err := m.ReadFile(c.ctx, c.str("file"))
	if err != nil {
		return nil, agentFault(c.str("file"), "r", err)
	}
	data = data[min(c.number("offset", 0), int64(len(data))):]
	count := c.number("count", mostFile)
	row := map[string]any{}
	if int64(len(data)) > count {
		data = data[:count]
		row["truncated"] = 1
	}
	row["bytes-read"], row["content"] = len(data), string(data)
	if !c.flagOr("decode", true) {
		row["content"] = base64.StdEncoding.EncodeToString(data)
	}
	return row, nil
}

// agentFileWrite is POST …/agent/file-write.
func (c *call) agentFileWrite() (any, error) {
	data := []byte(c.str("content"))
	if !c.flagOr("encode", true) {
		var err error
		if data, err = base64.StdEncoding.DecodeString(c.str("content")); err != nil {
			return nil, errorf(500, "Agent error: Invalid base64")
		}
	}
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	if err := m.WriteFile(c.ctx, c.str("file"), data); err != nil {
		return nil, agentFault(c.str("file"), "wb", err)
	}
	return nil, nil
}

func agentFault(file, mode string, err error) error {
	reason := oneLine(err.Error())
	if errors.Is(err, fs.ErrNotExist) {
		reason = "No such file or directory"
	}
	return fmt.Errorf("Agent error: failed to open file '%s' (mode: '%s'): %s", file, mode, reason)
}
