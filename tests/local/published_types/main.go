// published-types decodes a file into the types that its distribution publishes, and takes no field they do not have.
//
//	published-types kind|cluster-api FILE
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
	planev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta1"
	planev2 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	corev2 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	kind "sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	sigs "sigs.k8s.io/yaml"
)

func decodeKind(document []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	return decoder.Decode(&kind.Cluster{})
}

func decodeClusterAPI(document []byte) error {
	var meta struct{ APIVersion, Kind string }
	if err := sigs.Unmarshal(document, &meta); err != nil {
		return err
	}
	types := map[string]any{
		"controlplane.cluster.x-k8s.io/v1beta1 KubeadmControlPlane": &planev1.KubeadmControlPlane{},
		"controlplane.cluster.x-k8s.io/v1beta2 KubeadmControlPlane": &planev2.KubeadmControlPlane{},
		"cluster.x-k8s.io/v1beta2 Cluster":                          &corev2.Cluster{},
	}
	into, known := types[meta.APIVersion+" "+meta.Kind]
	if !known {
		return fmt.Errorf("no published type for %s %s", meta.APIVersion, meta.Kind)
	}
	return sigs.UnmarshalStrict(document, into)
}

func run(which, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if which == "kind" {
		return decodeKind(text)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for count := 0; ; count++ {
		var node any
		if err := decoder.Decode(&node); errors.Is(err, io.EOF) && count > 0 {
			return nil
		} else if err != nil {
			return err
		}
		document, err := yaml.Marshal(node)
		if err != nil {
			return err
		}
		if err := decodeClusterAPI(document); err != nil {
			return err
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: published-types kind|cluster-api FILE")
		os.Exit(3)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
