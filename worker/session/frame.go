package session

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// A frame is two lengths of four bytes each, little endian, a JSON document of the first length and bytes
// of the second. What the bytes are, the document says.

// largestFrame bounds what a broken peer can make this process allocate.
const largestFrame = 1 << 30

func readFrame(from io.Reader, header any) ([]byte, error) {
	var lengths [8]byte
	if _, err := io.ReadFull(from, lengths[:]); err != nil {
		return nil, err
	}
	document := uint64(binary.LittleEndian.Uint32(lengths[:4]))
	body := uint64(binary.LittleEndian.Uint32(lengths[4:]))
	if document+body > largestFrame {
		return nil, fmt.Errorf("a frame of %d bytes, at most %d are taken", document+body, largestFrame)
	}
	frame := make([]byte, document+body)
	if _, err := io.ReadFull(from, frame); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(frame[:document], header); err != nil {
		return nil, fmt.Errorf("a frame that cannot be read: %w", err)
	}
	return frame[document:], nil
}

func writeFrame(to io.Writer, header any, parts ...[]byte) error {
	document, err := json.Marshal(header)
	if err != nil {
		return err
	}
	body := 0
	for _, part := range parts {
		body += len(part)
	}
	frame := make([]byte, 8, 8+len(document)+body)
	binary.LittleEndian.PutUint32(frame[:4], uint32(len(document)))
	binary.LittleEndian.PutUint32(frame[4:], uint32(body))
	frame = append(frame, document...)
	for _, part := range parts {
		frame = append(frame, part...)
	}
	_, err = to.Write(frame)
	return err
}
