// Clients in Go: one behaviour of one client a run, its facts as a line of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// Facts are what a behaviour prints.
type Facts map[string]any

// Run is what every behaviour is told.
type Run struct {
	Variant   string
	Bootstrap string
	Name      string
	// Options are what only runs that go on are told.
	Options []string
}

// Library is a client: its module and its behaviours.
type Library struct {
	Module     string
	Behaviours map[string]func(Run) Facts
}

var libraries = map[string]Library{
	"franz-go": {"github.com/twmb/franz-go", franzBehaviours},
	"kafka-go": {"github.com/segmentio/kafka-go", segmentioBehaviours},
	"sarama":   {"github.com/IBM/sarama", saramaBehaviours},
}

func main() {
	library := libraries[os.Args[1]]
	behaviour := library.Behaviours[os.Args[2]]
	if behaviour == nil {
		fmt.Fprintln(os.Stderr, "no such client or behaviour:", strings.Join(os.Args[1:], " "))
		os.Exit(2)
	}
	facts := behaviour(Run{Variant: os.Args[3], Bootstrap: os.Args[4], Name: os.Args[5], Options: os.Args[6:]})
	printed := map[string]any{"version": version(library.Module), "facts": facts}
	must(json.NewEncoder(os.Stdout).Encode(printed))
}

func version(module string) string {
	build, _ := debug.ReadBuildInfo()
	for _, dependency := range build.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}
