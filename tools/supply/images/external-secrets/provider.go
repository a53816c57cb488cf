// Package register has the provider that is used here. Upstream's has some forty, which are most of what there would be to compile.
package register

import _ "github.com/external-secrets/external-secrets/pkg/provider/aws"
