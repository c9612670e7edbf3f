"""What was tried where a pattern does not hold, and where a test was mended; read by the report, never by a test."""

TRIED: dict[int, str] = {
    4: (
        "Mutual information is adjusted for chance: without that the partition into more groups, populations, would "
        "win by their number alone. Silos do move coalitions toward service lines (second claim), but not past "
        "viewpoints. The model lacks a reason to sit with those on one's own line: in the affinity a_ij sharing a "
        "line only adds competition, and overlap only takes complementarity away. A term for a shared restricted "
        "line would be the change."
    ),
    6: (
        "The first version let coalitions form under each arm's own viewpoints; wide spreads then started with fewer "
        "ties to lose, so the test was mended to start all four arms from the same coalitions at month 0. The answer "
        "stayed the same: the interaction is there in the effective number of groups, not in exits. A wide spread "
        "raises exits per membership with plenty of money no less than without. In the affinity a_ij tension and "
        "competition are added, and only competition and meeting costs grow with fiscal stress; they meet through "
        "trust alone (competition lowers trust, distrust enlarges tension). For an interaction in exits tension "
        "would have to weigh more under fiscal pressure."
    ),
    8: (
        "Also tried, on 20 sets and not kept: without the term for sitting together now, with its product with "
        "competition, for pairs that sit together and pairs that do not apart from each other, and at the same month "
        "instead of a year on; none gave a clearly positive product, nor did `trust_softening` 1. Beside it stands "
        "the same logit with `trust_softening` 0: the mechanism does work in the direction claimed where the product "
        "is higher with it than without. But trust is itself lowered by competition, and an organization weighs the "
        "mean over a coalition's members rather than a single pair. The turf term of the affinity a_ij would need a "
        "softening strong enough to outweigh that: trust lost to competition (meetings) or turf · competition · (1 − "
        "g·T) would be where to change it."
    ),
    13: (
        "Sizes are drawn by lot and memberships held fixed, because coalitions that choose their own size are large "
        "where they work well. Output levels off rather than collapses: meeting costs hardly reach services, and "
        "attendance does not fall with size of itself; see depth times attendance."
    ),
}
