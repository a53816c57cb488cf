// Package factory has the provider that is used here. Upstream's has some thirty, which are most of what there would be to compile, and
// of which not all are to be had.
package factory

import (
	"context"
	"fmt"

	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/provider"
	"sigs.k8s.io/external-dns/provider/aws"
)

// Select gives the provider that the flags name.
func Select(ctx context.Context, cfg *externaldns.Config, domains *endpoint.DomainFilter) (provider.Provider, error) {
	if cfg.Provider != externaldns.ProviderAWS {
		return nil, fmt.Errorf("the provider %s is not built in; this one has %s", cfg.Provider, externaldns.ProviderAWS)
	}
	chosen, err := aws.New(ctx, cfg, domains)
	if err != nil || cfg.ProviderCacheTime <= 0 {
		return chosen, err
	}
	return provider.NewCachedProvider(chosen, cfg.ProviderCacheTime), nil
}
