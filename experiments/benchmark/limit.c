/* The two costliest processes of a month in C, optimised by hand: the limit that the engine's speed is measured
 * against. limit.py builds it, hands it the very arrays of the engine's World, and compares it with the engine bit by
 * bit, so whatever is written here in another way must round in the same way:
 *
 *   - every sum runs over the same items in the same order as in sim/; adding 0.0 for an item that the engine leaves
 *     out changes no bit, which is what lets loops run without branches;
 *   - a product is taken in the same order, a - b may stand for a + (-b), and compiling with -ffp-contract=off keeps
 *     the compiler from fusing.
 *
 * serve_and_refer: what each serves directly for all populations before referring begins (only trust ties them
 *   together), in vectors; then lists of those with people left and of those with room, and only the pairs between
 *   them. Whole rows in vectors, without lists, took 1.7 times as long: most pairs refer nobody.
 * review_memberships: what a reviewer thinks of all others, and they of it, as rows made once a review; all options of
 *   a review beside one another in the lanes of a vector; memberships as bit sets; one key of a stream a call;
 *   logarithms of sizes from a table; a founding is not worked out where no core could make it win.
 *
 * Written for AVX-512; elsewhere it gives the same bits and is no limit. Working space of the engine
 * (environment.terms, order, …) is not written. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define ALIGNED __attribute__((aligned(64)))

/* ---------------------------------------------------------------- what the engine hands over, found by name */

#define ARRAYS(X)                                                                                                     \
    X(uint64_t, organizations, key) X(int16_t, organizations, generation) X(double, organizations, lot)               \
    X(uint8_t, organizations, is_open) X(double, organizations, mix) X(double, organizations, viewpoint)              \
    X(double, organizations, stance) X(double, organizations, capacity) X(double, organizations, stress)              \
    X(double, organizations, record) X(double, organizations, recent_loss) X(int64_t, organizations, n_memberships)   \
    X(double, organizations, served) X(uint8_t, organizations, eligible) X(int64_t, organizations, award_months)      \
    X(double, dyads, trust) X(double, dyads, overlap) X(int16_t, dyads, joint) X(int16_t, dyads, formal)              \
    X(uint8_t, coalitions, is_active) X(int64_t, coalitions, number) X(uint64_t, coalitions, key)                     \
    X(uint8_t, coalitions, member) X(uint8_t, coalitions, founder) X(int64_t, coalitions, size)                       \
    X(double, coalitions, purpose) X(uint8_t, coalitions, is_formal) X(uint8_t, coalitions, is_mandated)              \
    X(uint8_t, coalitions, is_hollow) X(int64_t, coalitions, convener) X(int64_t, coalitions, convener_months)        \
    X(double, coalitions, depth) X(double, coalitions, activity) X(int64_t, coalitions, age_months)                   \
    X(int64_t, coalitions, inactive_months)                                                                           \
    X(uint8_t, programmes, is_open) X(double, programmes, money_share) X(uint8_t, programmes, is_joint)               \
    X(int64_t, programmes, min_partners) X(uint8_t, programmes, is_exclusive) X(int64_t, programmes, allocation)      \
    X(double, environment, arrivals) X(double, environment, served) X(double, environment, unmet)                     \
    X(double, environment, demand) X(double, environment, awareness) X(int64_t, environment, n_coalitions)            \
    X(int64_t, log, rows) X(int64_t, log, n_rows)                                                                     \
    X(double, row, referrals) X(double, row, arrivals) X(double, row, in_need) X(double, row, served)                 \
    X(double, row, joins)                                                                                             \
    X(double, row, exits) X(double, row, foundings) X(double, row, rival_foundings)

#define PARAMETERS(X)                                                                                                 \
    X(awareness_arrivals) X(demand_noise) X(misdirected_share) X(referral_rate) X(referral_outside)                   \
    X(mou_referral_bonus) X(referral_trust_gain) X(review_share) X(max_memberships) X(admission) X(size_cap)          \
    X(complementarity_weight) X(trust_weight) X(viewpoint_weight) X(turf_weight) X(restriction_weight) X(strain)      \
    X(base_rivalry) X(loss_pressure) X(redundancy) X(size_benefit) X(joint_money) X(size_cost) X(size_scale)          \
    X(funded_cost_share) X(time_cost) X(membership_threshold) X(admission_threshold) X(choice_noise)                  \
    X(founding_effort) X(founding_size) X(mandate_bonus) X(facilitation) X(convener_facilitation) X(ill_will)         \
    X(trust_softening) X(initial_activity) X(rival_overlap) X(viewpoint_tension) X(funding_competition)               \
    X(restriction_conflict)

#define CODES(X)                                                                                                      \
    X(EXIT) X(JOIN) X(FOUND) X(RIVAL_FOUND) X(COMPLEMENTARITY) X(TRUST) X(TENSION) X(COMPETITION) X(RESTRICTION)      \
    X(SIZE) X(JOINT_MONEY) X(COST) X(THRESHOLD) X(CHANCE) X(MANDATE)

#define AS_LINE(type, table, name) #type " " #table "." #name "\n"
#define AS_NAME(name) #name "\n"
const char limit_arrays[] = ARRAYS(AS_LINE);
const char limit_codes[] = CODES(AS_NAME);
#ifdef __AVX512F__
const int limit_is_tuned = 1;
#else
const int limit_is_tuned = 0; /* the same bits, but gcc takes vectors of eight apart where there are none */
#endif
const char limit_parameters[] = PARAMETERS(AS_NAME);

#define AS_POINTER(type, table, name) type *table##_##name;
#define AS_NUMBER(name) double name;
#define AS_CODE(name) int64_t name;
struct codes { CODES(AS_CODE) }; /* of sim/columns.py */
struct numbers { PARAMETERS(AS_NUMBER) };
struct world {
    int64_t n, n_populations, n_slots, n_lines, event_room;
    const struct numbers *numbers;
    const struct codes *codes;
    ARRAYS(AS_POINTER)
};

enum { NOBODY = -1, OPEN_DOOR = 0, MAJORITY = 1, FORMULA = 2, BY_REVIEW = 0, STAY = 1, FOUND_NEW = 2 };
enum { SERVE = 4, REVIEW = 8, NAME_COALITION = 12, REVIEW_ORDER = 15 }; /* of sim/draws.py */
#define LEAVING 0x9E3779B97F4A7C15u

/* ---------------------------------------------------------------- vectors of eight, and draws: sim/draws.py */

typedef double v8d __attribute__((vector_size(64)));
typedef int64_t v8l __attribute__((vector_size(64)));

INLINE v8d all8(double x) { return (v8d){x, x, x, x, x, x, x, x}; }
INLINE v8d choose(v8l lanes, v8d yes, v8d no) { return (v8d)((lanes & (v8l)yes) | (~lanes & (v8l)no)); }

/* A mask says which lanes are meant; `count` lanes come from memory, the others are 0. With AVX-512 a mask is the bits
 * of a byte and each function one instruction; elsewhere it is a vector of 0 and -1. */
#ifdef __AVX512F__
#include <immintrin.h>
typedef int mask;
INLINE int to_bits(mask lanes) { return lanes; }
INLINE mask from_bits(int bits) { return bits; }
INLINE v8d least(v8d a, v8d b) { return (v8d)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE v8d greatest(v8d a, v8d b) { return (v8d)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE mask is_less(v8d a, v8d b) { return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ); }
INLINE mask is_equal(v8d a, v8d b) { return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_EQ_OQ); }
INLINE mask has_bit(v8l a, uint64_t bit) { return _mm512_test_epi64_mask((__m512i)a, _mm512_set1_epi64(bit)); }
INLINE mask is_positive(v8l a) { return _mm512_cmpgt_epi64_mask((__m512i)a, _mm512_setzero_si512()); }
INLINE v8d pick(mask lanes, v8d yes, v8d no) { return (v8d)_mm512_mask_blend_pd(lanes, (__m512d)no, (__m512d)yes); }
INLINE v8d add_at(mask lanes, v8d a, v8d b)
{
    return (v8d)_mm512_mask_add_pd((__m512d)a, lanes, (__m512d)a, (__m512d)b);
}
INLINE v8d load(const double *p, int count) { return (v8d)_mm512_maskz_loadu_pd((1 << count) - 1, p); }
INLINE v8l load_whole(const int64_t *p, int count) { return (v8l)_mm512_maskz_loadu_epi64((1 << count) - 1, p); }
INLINE void store(double *p, v8d x, int count) { _mm512_mask_storeu_pd(p, (1 << count) - 1, (__m512d)x); }
#else
typedef v8l mask;
INLINE mask from_bits(int bits) { return ((v8l){1, 2, 4, 8, 16, 32, 64, 128} & (int64_t)bits) != 0; }
INLINE int to_bits(mask lanes)
{
    const v8l bits = lanes & (v8l){1, 2, 4, 8, 16, 32, 64, 128};
    return bits[0] | bits[1] | bits[2] | bits[3] | bits[4] | bits[5] | bits[6] | bits[7];
}
INLINE v8d least(v8d a, v8d b) { return choose(a < b, a, b); }
INLINE v8d greatest(v8d a, v8d b) { return choose(a > b, a, b); }
INLINE mask is_less(v8d a, v8d b) { return a < b; }
INLINE mask is_equal(v8d a, v8d b) { return a == b; }
INLINE mask has_bit(v8l a, uint64_t bit) { return (a & (int64_t)bit) != 0; }
INLINE mask is_positive(v8l a) { return a > 0; }
INLINE v8d pick(mask lanes, v8d yes, v8d no) { return choose(lanes, yes, no); }
INLINE v8d add_at(mask lanes, v8d a, v8d b) { return choose(lanes, a + b, a); }
INLINE v8d load(const double *p, int count)
{
    v8d x = {0};
    if (count == 8)
        memcpy(&x, p, sizeof x);
    else
        for (int lane = 0; lane < count; lane++)
            ((double *)&x)[lane] = p[lane];
    return x;
}
INLINE v8l load_whole(const int64_t *p, int count) { return (v8l)load((const double *)p, count); }
INLINE void store(double *p, v8d x, int count)
{
    if (count == 8)
        memcpy(p, &x, sizeof x);
    else
        for (int lane = 0; lane < count; lane++)
            p[lane] = x[lane];
}
#endif
INLINE v8l load_short(const int16_t *p, int count)
{
    v8l x = {0};
    for (int lane = 0; lane < count; lane++)
        x[lane] = p[lane];
    return x;
}
INLINE double get_largest(v8d x)
{
    double most = x[0];
    for (int lane = 1; lane < 8; lane++)
        most = x[lane] > most ? x[lane] : most;
    return most;
}
INLINE v8d get_size(v8d x) { return (v8d)((v8l)x & 0x7fffffffffffffffL); }
INLINE int count_lanes(int n, int block) { return n - 8 * block < 8 ? n - 8 * block : 8; }

INLINE double min(double a, double b) { return a < b ? a : b; }
INLINE double max(double a, double b) { return a > b ? a : b; }

INLINE void philox(uint64_t key, uint64_t a, uint64_t b, uint64_t *first, uint64_t *second)
{
    for (int round = 0; round < 10; round++) {
        const unsigned __int128 product = (unsigned __int128)0xD2B74407B1CE6E93u * a;
        a = (uint64_t)(product >> 64) ^ key ^ b;
        b = (uint64_t)product;
        key += 0x9E3779B97F4A7C15u;
    }
    *first = a;
    *second = b;
}

INLINE uint64_t draw(uint64_t key, uint64_t a, uint64_t b)
{
    uint64_t first, second;
    philox(key, a, b, &first, &second);
    return first;
}

INLINE double to_uniform(uint64_t word) { return ((double)(int64_t)(word >> 12) + 0.5) * (1.0 / 4503599627370496.0); }

/* ln of eight positive normal numbers */
INLINE v8d logarithm8(v8d x)
{
    const v8l bits = (v8l)x;
    const v8d raw = (v8d)((bits & 0x000fffffffffffffL) | 0x3fe0000000000000L);
    const v8l is_low = raw < all8(0.7071067811865476); /* -1 where true */
    const v8d m = choose(is_low, raw * 2.0, raw);
    const v8d k = __builtin_convertvector(((bits >> 52) & 0x7ff) - 1022 + is_low, v8d);
    const v8d f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z;
    const v8d t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    const v8d t2 = z * (6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    const v8d half = 0.5 * f * f;
    return k * 6.93147180369123816490e-01
        - ((half - (s * (half + (t1 + t2)) + k * 1.90821492927058770002e-10)) - f);
}

static double logarithm(double x) { return logarithm8(all8(x))[0]; }

INLINE double exponential(double x)
{
    x = min(max(x, -700.0), 700.0);
    const double k = floor(x * 1.4426950408889634 + 0.5);
    const double high = x - k * 6.93147180369123816490e-01, low = k * 1.90821492927058770002e-10;
    const double r = high - low, t = r * r;
    const double c = r - t * (1.66666666666666019037e-01
        + t * (-2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    const double y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    union { int64_t bits; double number; } scale = {.bits = ((int64_t)k + 1023) << 52}; /* 2**k: exact, as ldexp */
    return y * scale.number;
}

NOINLINE double tail_quantile(double q)
{
    const double top =
        ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q
            + 4.374664141464968) * q + 2.938163982698783;
    const double bottom =
        ((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416;
    return top / (bottom * q + 1.0);
}

INLINE double normal_quantile(double p)
{
    if (__builtin_expect(p < 0.02425, 0))
        return tail_quantile(sqrt(-2.0 * logarithm(p)));
    if (__builtin_expect(p > 1.0 - 0.02425, 0))
        return -tail_quantile(sqrt(-2.0 * logarithm(1.0 - p)));
    const double q = p - 0.5, r = q * q;
    const double top =
        (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r)
            - 30.66479806614716) * r + 2.506628277459239;
    const double bottom =
        (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r)
            - 13.28068155288572) * r + 1.0;
    return q * top / bottom;
}

enum { MAX_SIZE = 1024 };
static double log_of[MAX_SIZE + 1]; /* of coalition sizes */

void limit_prepare(void)
{
    for (int size = 1; size <= MAX_SIZE; size++)
        log_of[size] = logarithm((double)size);
}

/* ---------------------------------------------------------------- serve_and_refer: sim/processes/services.py
 * V: vectors of eight in a row of n, a constant wherever this is inlined; lanes beyond n hold 0. */

INLINE void serve(const struct world *s, uint64_t seed, uint64_t month, const int n, const int V)
{
    const struct numbers *p = s->numbers;
    const int K = s->n_populations;
    v8d capacity[V], base[V], served[V];
    v8d unserved[K][V], spare[K][V], landing[K][V];
    double own[K], unmet[K], arrivals[K], wanted[n], ratio[n], sent[n * n / 4 + 1], all = 0.0;
    int sender[n + 1], receiver[n + 1];

    /* arrivals */
    const uint64_t key = draw(seed, SERVE, month);
    const double boost = 1.0 + p->awareness_arrivals * s->environment_awareness[0], sd = p->demand_noise;
    const double most = 1.0 + p->awareness_arrivals;
    for (int k = 0; k < K; k++) {
        const double noise = exponential(sd * normal_quantile(to_uniform(draw(key, k, 0))) - 0.5 * sd * sd);
        arrivals[k] = s->environment_demand[k] * boost * noise;
        s->row_in_need[0] += s->environment_demand[k] * most * noise;
        own[k] = 0.0;
        unmet[k] = 0.0;
    }

    /* capacity, in total and by population: closed organizations have none */
    for (int v = 0; v < V; v++) {
        const int lanes = count_lanes(n, v);
        capacity[v] = load(s->organizations_capacity + 8 * v, lanes);
        for (int lane = 0; lane < lanes; lane++)
            if (!s->organizations_is_open[8 * v + lane])
                capacity[v][lane] = 0.0;
        served[v] = all8(0.0);
    }
    for (int i = 0; i < n; i++) {
        const double one = ((const double *)capacity)[i];
        all += one;
        for (int k = 0; k < K; k++)
            own[k] += one * s->organizations_mix[i * K + k];
    }
    if (all <= 0.0) { /* nobody serves anybody */
        for (int k = 0; k < K; k++) {
            s->environment_arrivals[k] = arrivals[k];
            s->environment_unmet[k] = max(arrivals[k], 0.0);
            s->environment_served[k] = max(arrivals[k] - s->environment_unmet[k], 0.0);
            s->row_arrivals[0] += arrivals[k];
            s->row_served[0] += s->environment_served[k];
            s->row_referrals[0] += 0.0;
        }
        for (int i = 0; i < n; i++)
            s->organizations_served[i] = 0.0;
        return;
    }

    /* who is served directly, for all populations */
    for (int v = 0; v < V; v++)
        base[v] = p->misdirected_share * capacity[v] / all;
    for (int k = 0; k < K; k++)
        for (int v = 0; v < V; v++) {
            v8d mix = all8(0.0), share;
            for (int lane = 0; lane < count_lanes(n, v); lane++)
                mix[lane] = s->organizations_mix[(8 * v + lane) * K + k];
            const v8d room = capacity[v] * mix;
            if (own[k] > 0.0)
                share = base[v] + (1.0 - p->misdirected_share) * room / own[k];
            else /* nobody serves these people: all of them go by capacity */
                share = capacity[v] / all;
            const v8d landed = arrivals[k] * share;
            landing[k][v] = least(landed, room);
            unserved[k][v] = landed - landing[k][v];
            spare[k][v] = room - landing[k][v];
        }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < K; k++)
            unmet[k] += ((const double *)unserved[k])[i];

    /* Referring, between the lists of those with people left and of those with room: nobody is on both. Factors of
     * what a pair's ties make of its trust: 0 outside, 1 inside, 2 under an MOU; a cap of 1 changes nothing but there. */
    const double factor[3] = {p->referral_outside, 1.0, 1.0 + p->mou_referral_bonus};
    double *restrict served_by = (double *)served;
    for (int k = 0; k < K; k++) {
        const double *restrict left = (const double *)unserved[k], *restrict room = (const double *)spare[k];
        int n_senders = 0, n_receivers = 0;
        for (int i = 0; i < n; i++) {
            sender[n_senders] = i;
            n_senders += left[i] > 0.0;
            receiver[n_receivers] = i;
            n_receivers += room[i] > 0.0;
        }
        for (int v = 0; v < V; v++)
            served[v] += landing[k][v];
        for (int r = 0; r < n_receivers; r++)
            wanted[r] = 0.0;
        double *restrict to = sent;
        for (int at = 0; at < n_senders; at++, to += n_receivers) {
            const int i = sender[at];
            const double *restrict trust = s->dyads_trust + i * n;
            const int16_t *restrict joint = s->dyads_joint + i * n, *restrict formal = s->dyads_formal + i * n;
            double total = 0.0;
            for (int r = 0; r < n_receivers; r++) {
                const int j = receiver[r];
                const double tied = factor[(joint[j] != 0) * (1 + (formal[j] > 0))];
                to[r] = min(p->referral_rate * trust[j] * tied, 1.0);
                total += to[r];
            }
            const double rank = left[i] / max(total, 1.0);
            for (int r = 0; r < n_receivers; r++) {
                to[r] = rank * to[r];
                wanted[r] += to[r];
            }
        }
        for (int r = 0; r < n_receivers; r++)
            ratio[r] = wanted[r] > 0.0 ? min(room[receiver[r]] / wanted[r], 1.0) : 0.0;
        double completed = 0.0;
        to = sent;
        for (int at = 0; at < n_senders; at++, to += n_receivers) {
            double *restrict trust = s->dyads_trust + sender[at] * n;
            for (int r = 0; r < n_receivers; r++) {
                const int j = receiver[r];
                const double kept = to[r] * ratio[r];
                completed += kept;
                served_by[j] += kept;
                trust[j] += p->referral_trust_gain * min(kept, 1.0) * (1.0 - trust[j]);
            }
        }
        const double after = max(unmet[k] - completed, 0.0);
        s->environment_arrivals[k] = arrivals[k];
        s->environment_unmet[k] = after;
        s->environment_served[k] = max(arrivals[k] - after, 0.0);
        s->row_referrals[0] += completed;
        s->row_arrivals[0] += arrivals[k];
        s->row_served[0] += s->environment_served[k];
    }
    /* write */
    for (int v = 0; v < V; v++)
        store(s->organizations_served + 8 * v, served[v], count_lanes(n, v));
}

/* ---------------------------------------------------------------- moves of membership: sim/coalitions.py (rare) */

INLINE int is_ahead(double value, double lot, double best, double best_lot)
{
    const double a = floor(value * 1e9 + 0.5), b = floor(best * 1e9 + 0.5);
    return a > b || (a == b && lot < best_lot);
}

static void log_member(const struct world *s, int64_t month, int64_t kind, int i, int64_t number, int64_t cause,
                       int64_t size)
{
    const int64_t at = s->log_n_rows[0]++;
    if (at < s->event_room) {
        int64_t *row = s->log_rows + at * 8;
        row[0] = month;
        row[1] = kind;
        row[2] = i;
        row[3] = s->organizations_generation[i];
        row[4] = number;
        row[5] = NOBODY;
        row[6] = cause;
        row[7] = size;
    }
}

static void count_pairs(const struct world *s, int c, int i, int64_t step)
{
    const int n = s->n;
    const int64_t formal = s->coalitions_is_formal[c] ? step : 0;
    const uint8_t *member = s->coalitions_member + c * n;
    for (int j = 0; j < n; j++)
        if (member[j] && j != i) {
            s->dyads_joint[i * n + j] += step;
            s->dyads_joint[j * n + i] += step;
            s->dyads_formal[i * n + j] += formal;
            s->dyads_formal[j * n + i] += formal;
        }
    s->organizations_n_memberships[i] += step;
    s->coalitions_size[c] += step;
}

static void add_member(const struct world *s, int c, int i)
{
    s->coalitions_member[c * s->n + i] = 1;
    count_pairs(s, c, i, 1);
}

static void remove_member(const struct world *s, int c, int i)
{
    const int n = s->n;
    uint8_t *member = s->coalitions_member + c * n;
    member[i] = 0;
    count_pairs(s, c, i, -1);
    if (s->coalitions_convener[c] == i) {
        const double *record = s->organizations_record, *lot = s->organizations_lot;
        int best = NOBODY;
        for (int j = 0; j < n; j++)
            if (member[j] && (best == NOBODY || is_ahead(record[j], lot[j], record[best], lot[best])))
                best = j;
        s->coalitions_convener[c] = best;
        s->coalitions_convener_months[c] = 0;
    }
}

static int is_rival(const struct world *s, int c)
{
    const int K = s->n_populations;
    const double *purpose = s->coalitions_purpose;
    for (int other = 0; other < s->n_slots; other++)
        if (other != c && s->coalitions_is_active[other] && s->coalitions_size[other] >= 3) {
            double overlap = 0.0;
            for (int k = 0; k < K; k++)
                overlap += min(purpose[c * K + k], purpose[other * K + k]);
            if (overlap >= s->numbers->rival_overlap)
                return 1;
        }
    return 0;
}

static void found(const struct world *s, uint64_t seed, int64_t month, int c, int i, const uint64_t *core,
                  int64_t cause, double mandate)
{
    const int n = s->n, K = s->n_populations;
    s->coalitions_is_active[c] = 1;
    s->coalitions_number[c] = s->environment_n_coalitions[0]++;
    s->coalitions_key[c] = draw(draw(seed, NAME_COALITION, month), s->organizations_key[i], BY_REVIEW);
    s->coalitions_size[c] = 0;
    s->coalitions_convener[c] = i;
    s->coalitions_convener_months[c] = 0;
    s->coalitions_is_formal[c] = 0;
    s->coalitions_is_mandated[c] = mandate > 0.0;
    s->coalitions_is_hollow[c] = 0;
    s->coalitions_depth[c] = 0.0;
    s->coalitions_activity[c] = s->numbers->initial_activity;
    s->coalitions_age_months[c] = 0;
    s->coalitions_inactive_months[c] = 0;
    uint8_t *member = s->coalitions_member + c * n, *founder = s->coalitions_founder + c * n;
    for (int j = 0; j < n; j++) {
        member[j] = 0;
        founder[j] = core[j >> 6] >> (j & 63) & 1;
        if (founder[j])
            add_member(s, c, j);
    }
    for (int k = 0; k < K; k++) {
        double total = 0.0;
        for (int j = 0; j < n; j++)
            if (member[j])
                total += s->organizations_mix[j * K + k];
        s->coalitions_purpose[c * K + k] = total / s->coalitions_size[c];
    }
    int64_t kind = s->codes->FOUND;
    s->row_foundings[0] += 1.0;
    if (is_rival(s, c)) {
        s->row_rival_foundings[0] += 1.0;
        kind = s->codes->RIVAL_FOUND;
    }
    for (int j = 0; j < n; j++)
        if (founder[j])
            log_member(s, month, kind, j, s->coalitions_number[c], cause, s->coalitions_size[c]);
}

static void move(const struct world *s, int64_t month, int i, int c, int64_t cause)
{
    const int64_t number = s->coalitions_number[c];
    if (s->coalitions_member[c * s->n + i]) {
        remove_member(s, c, i);
        s->row_exits[0] += 1.0;
        log_member(s, month, s->codes->EXIT, i, number, cause, s->coalitions_size[c]);
    } else {
        add_member(s, c, i);
        s->row_joins[0] += 1.0;
        log_member(s, month, s->codes->JOIN, i, number, cause, s->coalitions_size[c]);
    }
}

/* ---------------------------------------------------------------- review_memberships: sim/processes/memberships.py */

INLINE int64_t find_join_cause(const struct world *s, const double *terms)
{
    const struct codes *code = s->codes;
    const int64_t among[] = {code->TRUST, code->SIZE, code->JOINT_MONEY};
    int64_t best = code->COMPLEMENTARITY;
    for (int at = 0; at < 3; at++)
        if (terms[among[at]] > terms[best])
            best = among[at];
    return best;
}

INLINE int64_t find_exit_cause(const struct world *s, const double *terms)
{
    const struct codes *code = s->codes;
    const int64_t among[] = {code->TENSION, code->COMPETITION, code->RESTRICTION, code->COST};
    int64_t best = code->THRESHOLD;
    double weight = -0.05;
    for (int at = 0; at < 4; at++)
        if (terms[among[at]] < weight) {
            best = among[at];
            weight = terms[best];
        }
    return best;
}

/* How i and one other see each other, before facilitation and redundancy: the parts of relations.add_affinity. */
struct view { double complement, trust, distance, competition, conflict; };

/* What all reviews of one call share. */
struct common {
    const struct numbers *p;
    const double *pressure, *strain;
    double half, turf; /* 0 where their mechanism is off */
    int has_lines;
};

INLINE double get_shared(const struct world *s, int i, int j)
{
    double shared = 0.0;
    const uint8_t *a = s->organizations_eligible + i * s->n_lines, *b = s->organizations_eligible + j * s->n_lines;
    for (int g = 0; g < s->n_lines; g++)
        if (s->programmes_is_open[g] && s->programmes_allocation[g] != FORMULA && !s->programmes_is_joint[g] && a[g]
            && b[g])
            shared += s->programmes_money_share[g];
    return shared;
}

INLINE double get_conflict(const struct world *s, int i, int j)
{
    const int G = s->n_lines;
    if (s->numbers->restriction_conflict != 0.0)
        for (int g = 0; g < G; g++)
            if (s->programmes_is_exclusive[g] && s->organizations_award_months[i * G + g] > 0
                && !s->organizations_eligible[j * G + g])
                return s->numbers->restriction_weight;
    return 0.0;
}

INLINE double get_mandate(const struct world *s, int i)
{
    for (int g = 0; g < s->n_lines; g++)
        if (s->programmes_is_joint[g] && s->programmes_is_open[g] && s->organizations_eligible[i * s->n_lines + g])
            return s->numbers->mandate_bonus;
    return 0.0;
}

INLINE double get_hope(const struct world *s, int i, int size)
{
    double hope = 0.0;
    for (int g = 0; g < s->n_lines; g++)
        if (s->programmes_is_joint[g] && s->programmes_is_open[g] && s->organizations_eligible[i * s->n_lines + g])
            hope += s->programmes_money_share[g] * (size >= s->programmes_min_partners[g] ? 1.0 : 0.5);
    return hope;
}

/* The terms that come after the five of affinity, and the sum of all nine, for one organization. */
INLINE double finish_utility(const struct world *s, const struct common *u, double *terms, int i, int size,
                             int64_t n_others)
{
    const struct numbers *p = u->p;
    if (size > 1)
        for (int term = 0; term < 5; term++)
            terms[term] /= size - 1;
    terms[5] = p->size_benefit * log_of[size];
    terms[6] = p->joint_money * (u->has_lines ? get_hope(s, i, size) : 0.0) * (0.5 + 0.5 * u->pressure[i]);
    const double scaled = size / p->size_scale;
    const double cost = p->size_cost * scaled * scaled * 1.0 + p->time_cost * n_others;
    terms[7] = -cost * (1.0 + s->organizations_stress[i]);
    terms[8] = -p->membership_threshold;
    double total = 0.0;
    for (int term = 0; term < 9; term++)
        total += terms[term];
    return total;
}

/* What a new coalition of `core` (bits) is worth to i; writes its nine terms. */
INLINE double weigh_core(const struct world *s, const struct common *u, double *terms, int i, const uint64_t *core,
                         const int n)
{
    const struct numbers *p = u->p;
    const double redundant = 1.0 - p->redundancy, soothed = 1.0 - p->facilitation;
    int size = 1;
    for (int term = 0; term < 5; term++)
        terms[term] = 0.0;
    for (int word = 0; word < (n + 63) / 64; word++)
        for (uint64_t left = core[word]; left; left &= left - 1) {
            const int j = word * 64 + __builtin_ctzll(left);
            if (j == i)
                continue;
            const double trust = s->dyads_trust[i * n + j], overlap = s->dyads_overlap[i * n + j];
            const double fresh = s->dyads_joint[i * n + j] > 0 ? redundant : 1.0;
            const double shared = u->has_lines ? get_shared(s, i, j) : 0.0;
            const double rivalry = p->base_rivalry + (1.0 - p->base_rivalry) * min(shared, 1.0);
            const double distance = fabs(s->organizations_stance[j] - s->organizations_viewpoint[i]) * u->half;
            terms[0] += p->complementarity_weight * (1.0 - overlap) * fresh;
            terms[1] += p->trust_weight * trust * fresh;
            const double resented = distance * (1.0 + p->ill_will * (1.0 - trust));
            terms[2] -= p->viewpoint_weight * min(u->strain[i] * resented * soothed, 1.0);
            terms[3] -= u->turf * (overlap * rivalry * u->pressure[i]) * (1.0 - p->trust_softening * trust);
            if (u->has_lines)
                terms[4] -= get_conflict(s, i, j);
            size++;
        }
    return finish_utility(s, u, terms, i, size, s->organizations_n_memberships[i]);
}

INLINE void review(const struct world *s, uint64_t seed, uint64_t month, const int n, const int V)
{
    const struct numbers *p = s->numbers;
    const int C = s->n_slots, G = s->n_lines, B = (n + 63) / 64;
    const v8d zero = all8(0.0), one = all8(1.0);
    v8d pressure[V], strain[V];
    int order[n];
    double rank[n];

    /* who reviews, in the order of a keyed draw */
    uint64_t first[n], second[n];
    const uint64_t order_key = draw(seed, REVIEW_ORDER, month);
    int n_drawn = 0, drawn[n + 1], count = 0;
    for (int i = 0; i < n; i++)
        philox(order_key, s->organizations_key[i], 0, &first[i], &second[i]);
    for (int i = 0; i < n; i++) {
        drawn[n_drawn] = i;
        n_drawn += (to_uniform(first[i]) < p->review_share) & (s->organizations_is_open[i] != 0);
    }
    for (int from = 0; from < n_drawn; from++) {
        const int i = drawn[from];
        const double at = to_uniform(second[i]);
        int place = count++;
        for (; place > 0 && rank[place - 1] > at; place--) {
            rank[place] = rank[place - 1];
            order[place] = order[place - 1];
        }
        rank[place] = at;
        order[place] = i;
    }
    if (count == 0)
        return;

    /* what no review changes */
    const uint64_t key = draw(seed, REVIEW, month);
    for (int v = 0; v < V; v++) {
        const v8d loss = load(s->organizations_recent_loss + 8 * v, count_lanes(n, v));
        pressure[v] = least(load(s->organizations_stress + 8 * v, count_lanes(n, v)) + p->loss_pressure * loss, one);
        strain[v] = 1.0 - p->strain + 2.0 * p->strain * pressure[v];
    }
    const double *pressure_of = (const double *)pressure, *strain_of = (const double *)strain;
    const struct common common = {p, pressure_of, strain_of, p->viewpoint_tension != 0.0 ? 0.5 : 0.0,
                                  p->funding_competition != 0.0 ? p->turf_weight : 0.0, G > 0};
    const struct common *u = &common;
    const double noise = p->choice_noise, redundant = 1.0 - p->redundancy;
    const double soothed_by[2] = {1.0 - min(p->facilitation, 1.0),
                                  1.0 - min(p->facilitation + p->convener_facilitation, 1.0)};

    /* memberships as bits, kept in step with the moves below */
    uint64_t bits[C][B];
    for (int c = 0; c < C; c++)
        if (s->coalitions_is_active[c])
            for (int word = 0; word < B; word++) {
                const uint8_t *member = s->coalitions_member + c * n + 64 * word;
                const int length = n - 64 * word < 64 ? n - 64 * word : 64;
                uint64_t found = 0, eight = 0;
                int j = 0;
                for (; j + 8 <= length; j += 8) { /* eight bytes of 0 or 1 to eight bits */
                    memcpy(&eight, member + j, 8);
                    found |= (eight * 0x0102040810204080u >> 56) << j;
                }
                for (; j < length; j++)
                    found |= (uint64_t)member[j] << j;
                bits[c][word] = found;
            }

    for (int reviewer = 0; reviewer < count; reviewer++) {
        const int i = order[reviewer];
        const uint64_t own_key = s->organizations_key[i];
        const int64_t n_held = s->organizations_n_memberships[i];
        const int has_room = (double)n_held < p->max_memberships;
        const double stance = s->organizations_stance[i], viewpoint = s->organizations_viewpoint[i];
        const int16_t *restrict joint = s->dyads_joint + i * n;

        /* how i sees the others (own), and they i (back) */
        v8d complement[V], own_trust[V], own_distance[V], own_competition[V], own_conflict[V];
        v8d back_trust[V], back_distance[V], back_competition[V], back_conflict[V], toward[V], back[V];
        uint8_t likes[V]; /* who would admit i where no convener is paid */
        {
            const double cw = p->complementarity_weight, tw = p->trust_weight, vw = p->viewpoint_weight;
            const double turf = u->turf, half = u->half, ill = p->ill_will, soft = p->trust_softening;
            const double mine = pressure_of[i], weight = strain_of[i], soothed = 1.0 - p->facilitation;
            for (int v = 0; v < V; v++) {
                const int lanes = count_lanes(n, v), at = i * n + 8 * v;
                const v8d trust = load(s->dyads_trust + at, lanes), overlap = load(s->dyads_overlap + at, lanes);
                v8d theirs = zero, rivalry = all8(p->base_rivalry + (1.0 - p->base_rivalry) * 0.0);
                own_conflict[v] = back_conflict[v] = zero;
                for (int lane = 0; lane < lanes; lane++)
                    ((double *)&theirs)[lane] = s->dyads_trust[(8 * v + lane) * n + i];
                if (G > 0) {
                    for (int lane = 0; lane < lanes; lane++) {
                        const int j = 8 * v + lane;
                        rivalry[lane] = p->base_rivalry + (1.0 - p->base_rivalry) * min(get_shared(s, i, j), 1.0);
                        own_conflict[v][lane] = get_conflict(s, i, j);
                        back_conflict[v][lane] = get_conflict(s, j, i);
                    }
                }
                const v8d rival = overlap * rivalry;
                const v8d far = get_size(load(s->organizations_stance + 8 * v, lanes) - viewpoint) * half;
                const v8d near = get_size(stance - load(s->organizations_viewpoint + 8 * v, lanes)) * half;
                complement[v] = cw * (1.0 - overlap);
                own_trust[v] = tw * trust;
                own_distance[v] = weight * (far * (1.0 + ill * (1.0 - trust)));
                own_competition[v] = turf * (rival * mine) * (1.0 - soft * trust);
                back_trust[v] = tw * theirs;
                back_distance[v] = strain[v] * (near * (1.0 + ill * (1.0 - theirs)));
                back_competition[v] = turf * (rival * pressure[v]) * (1.0 - soft * theirs);
                toward[v] = complement[v] + own_trust[v] - vw * least(own_distance[v] * soothed, one)
                    - own_competition[v] - own_conflict[v];
                back[v] = complement[v] + back_trust[v] - vw * least(back_distance[v] * soothed, one)
                    - back_competition[v] - back_conflict[v];
                likes[v] = ~to_bits(is_less(back[v], all8(p->admission_threshold))) & ((1 << lanes) - 1);
            }
        }
        const double *complement_of = (const double *)complement, *own_trust_of = (const double *)own_trust;
        const double *own_distance_of = (const double *)own_distance, *back_trust_of = (const double *)back_trust;
        const double *own_competition_of = (const double *)own_competition;
        const double *own_conflict_of = (const double *)own_conflict;
        const double *back_distance_of = (const double *)back_distance;
        const double *back_competition_of = (const double *)back_competition;
        const double *back_conflict_of = (const double *)back_conflict;

        /* the options: leaving or joining each coalition; then staying and founding, which have draws alone */
        int option[C + 16];
        int is_inside[C + 16];
        uint64_t option_key[C + 16];
        int n_options = 0, free_slot = NOBODY;
        for (int c = 0; c < C; c++) {
            if (!s->coalitions_is_active[c]) {
                free_slot = free_slot == NOBODY ? c : free_slot;
                continue;
            }
            const int inside = bits[c][i >> 6] >> (i & 63) & 1;
            const int64_t size = s->coalitions_size[c];
            option[n_options] = c;
            is_inside[n_options] = inside;
            option_key[n_options] = s->coalitions_key[c] + (inside ? LEAVING : 0);
            n_options += inside | (has_room & (size > 0) & ((double)size < p->size_cap));
        }
        const int n_lanes = (n_options + 2 + 7) / 8;
        double luck[8 * n_lanes] ALIGNED, value[8 * n_lanes] ALIGNED, term_of[n_lanes][9][8] ALIGNED;
        option_key[n_options] = STAY;
        option_key[n_options + 1] = FOUND_NEW;
        for (int at = 0; at < n_options + 2; at++)
            luck[at] = to_uniform(draw(key, own_key, option_key[at]));
        for (int at = n_options + 2; at < 8 * n_lanes; at++)
            luck[at] = 0.5;
        for (int lane = 0; lane < n_lanes; lane++) {
            v8d *x = (v8d *)(luck + 8 * lane);
            *x = noise * -logarithm8(-logarithm8(*x));
        }

        /* the worth of eight options at once */
        for (int lane = 0; lane * 8 < n_options; lane++) {
            const int here = n_options - 8 * lane < 8 ? n_options - 8 * lane : 8;
            v8d sum[5] = {zero, zero, zero, zero, zero};
            double others_of[8] ALIGNED = {0}, soothed_of[8] ALIGNED = {0}, paid_of[8] ALIGNED = {0};
            int inside_bits = 0;
            int size[8] = {1, 1, 1, 1, 1, 1, 1, 1};
            for (int at = 0; at < here; at++) {
                const int c = option[8 * lane + at], funded = s->coalitions_convener_months[c] > 0;
                inside_bits |= is_inside[8 * lane + at] << at;
                others_of[at] = (double)(n_held - is_inside[8 * lane + at]);
                soothed_of[at] = soothed_by[funded];
                paid_of[at] = funded ? p->funded_cost_share : 1.0;
            }
            const mask inside = from_bits(inside_bits);
            const v8d others = *(v8d *)others_of, soothed = *(v8d *)soothed_of, paid = *(v8d *)paid_of;
            const v8d fresh[3] = {one, pick(inside, one, all8(redundant)), all8(redundant)};
            for (int word = 0; word < B; word++) {
                int64_t seats_of[8] ALIGNED = {0};
                uint64_t any = 0;
                for (int at = 0; at < here; at++) {
                    uint64_t sits = bits[option[8 * lane + at]][word];
                    if (word == i >> 6)
                        sits &= ~(1ull << (i & 63));
                    size[at] += __builtin_popcountll(sits);
                    seats_of[at] = sits;
                    any |= sits;
                }
                const v8l seats = *(v8l *)seats_of;
                for (; any; any &= any - 1) {
                    const int bit = __builtin_ctzll(any), j = 64 * word + bit;
                    const mask sits = has_bit(seats, 1ull << bit);
                    const v8d new = fresh[joint[j] > 2 ? 2 : joint[j]];
                    sum[0] = add_at(sits, sum[0], complement_of[j] * new);
                    sum[1] = add_at(sits, sum[1], own_trust_of[j] * new);
                    sum[2] = add_at(sits, sum[2], -p->viewpoint_weight * least(own_distance_of[j] * soothed, one));
                    sum[3] = add_at(sits, sum[3], all8(-own_competition_of[j]));
                    if (G > 0)
                        sum[4] = add_at(sits, sum[4], all8(-own_conflict_of[j]));
                }
            }
            double many_of[8] ALIGNED, partners_of[8] ALIGNED, log_size_of[8] ALIGNED, hope_of[8] ALIGNED = {0};
            for (int at = 0; at < 8; at++) {
                many_of[at] = size[at];
                partners_of[at] = size[at] > 1 ? size[at] - 1 : 1;
                log_size_of[at] = log_of[size[at]];
                if (G > 0)
                    hope_of[at] = get_hope(s, i, size[at]);
            }
            const v8d many = *(v8d *)many_of, partners = *(v8d *)partners_of, hope = *(v8d *)hope_of;
            v8d total = zero;
            v8d *terms = (v8d *)term_of[lane];
            for (int term = 0; term < 5; term++)
                terms[term] = sum[term] / partners;
            terms[5] = p->size_benefit * *(v8d *)log_size_of;
            terms[6] = p->joint_money * hope * (0.5 + 0.5 * pressure_of[i]);
            const v8d scaled = many / p->size_scale;
            const v8d cost = p->size_cost * scaled * scaled * paid + p->time_cost * others;
            terms[7] = -cost * (1.0 + s->organizations_stress[i]);
            terms[8] = all8(-p->membership_threshold);
            for (int term = 0; term < 9; term++)
                total += terms[term];
            *(v8d *)(value + 8 * lane) = pick(inside, -total, total) + *(v8d *)(luck + 8 * lane);
        }

        /* the best of them; whom the members do not admit does not join */
        double best_value = luck[n_options];
        int best = NOBODY;
        for (int at = 0; at < n_options; at++)
            if (value[at] > best_value) {
                const int c = option[at];
                if (!is_inside[at] && p->admission != OPEN_DOOR) {
                    const double soothed = soothed_by[s->coalitions_convener_months[c] > 0];
                    int64_t yes = 0;
                    for (int word = 0; word < B; word++) {
                        uint64_t liking = 0;
                        memcpy(&liking, likes + 8 * word, V - 8 * word < 8 ? V - 8 * word : 8);
                        if (s->coalitions_convener_months[c] <= 0) {
                            yes += __builtin_popcountll(bits[c][word] & liking);
                            continue;
                        }
                        for (uint64_t left = bits[c][word]; left; left &= left - 1) {
                            const int j = 64 * word + __builtin_ctzll(left);
                            yes += complement_of[j] + back_trust_of[j]
                                    - p->viewpoint_weight * min(back_distance_of[j] * soothed, 1.0)
                                    - back_competition_of[j] - back_conflict_of[j] >= p->admission_threshold;
                        }
                    }
                    const int64_t size = s->coalitions_size[c];
                    if (p->admission == MAJORITY ? 2 * yes <= size : yes != size)
                        continue;
                }
                best_value = value[at];
                best = at;
            }

        /* founding with the partners of the largest mutual affinity */
        if (has_room && free_slot != NOBODY) {
            v8d standing[V], warmest = zero;
            uint64_t core[B];
            int size = 1;
            for (int word = 0; word < B; word++)
                core[word] = 0;
            for (int v = 0; v < V; v++) {
                const int lanes = count_lanes(n, v);
                int is_free = ~to_bits(is_positive(load_short(joint + 8 * v, lanes))) & ((1 << lanes) - 1);
                const v8l held = load_whole(s->organizations_n_memberships + 8 * v, lanes);
                is_free &= to_bits(is_less(__builtin_convertvector(held, v8d), all8(p->max_memberships)));
                for (int lane = 0; lane < lanes; lane++)
                    is_free &= ~((s->organizations_is_open[8 * v + lane] == 0) << lane);
                if (v == i >> 3)
                    is_free &= ~(1 << (i & 7));
                const v8d mutual = least(toward[v], back[v]);
                is_free &= to_bits(is_less(zero, mutual));
                v8d rounded = mutual * 1e9 + 0.5;
                for (int lane = 0; lane < 8; lane++)
                    rounded[lane] = floor(rounded[lane]);
                standing[v] = pick(from_bits(is_free), rounded, all8(-1.0));
                warmest = pick(from_bits(is_free), greatest(toward[v], warmest), warmest);
            }
            /* No founding can be worth more than this: the mean of affinities is at most the largest, the benefit of
             * size grows with it, and so does its cost. Where that is too little the core need not be known. */
            const double most = p->founding_size;
            double ceiling = get_largest(warmest);
            if (ceiling <= 0.0)
                goto no_founding;
            ceiling += p->size_benefit * log_of[(int)most] - p->membership_threshold - p->founding_effort
                - (p->size_cost * 4.0 / (p->size_scale * p->size_scale) + p->time_cost * n_held)
                    * (1.0 + s->organizations_stress[i]);
            if (G > 0)
                ceiling += get_mandate(s, i) + p->joint_money * get_hope(s, i, MAX_SIZE);
            if (ceiling + luck[n_options + 1] + 1e-6 < best_value)
                goto no_founding;
            while ((double)size < p->founding_size) {
                v8d top = standing[0];
                for (int v = 1; v < V; v++)
                    top = greatest(top, standing[v]);
                const double best_standing = get_largest(top);
                int chosen = NOBODY;
                if (best_standing < 0.0)
                    break;
                for (int v = 0; v < V; v++)
                    for (int equals = to_bits(is_equal(standing[v], all8(best_standing))); equals; equals &= equals - 1) {
                        const int j = 8 * v + __builtin_ctz(equals);
                        if (chosen == NOBODY || s->organizations_lot[j] < s->organizations_lot[chosen])
                            chosen = j;
                    }
                ((double *)standing)[chosen] = -1.0;
                core[chosen >> 6] |= 1ull << (chosen & 63);
                size++;
            }
            if (size > 1) {
                uint64_t all[B];
                double terms[9];
                int kept = 0;
                for (int word = 0; word < B; word++)
                    all[word] = core[word] | (word == i >> 6 ? 1ull << (i & 63) : 0);
                for (int word = 0; word < B; word++)
                    for (uint64_t left = core[word]; left; left &= left - 1) {
                        const int bit = __builtin_ctzll(left);
                        if (weigh_core(s, u, terms, 64 * word + bit, all, n) <= 0.0)
                            core[word] &= ~(1ull << bit);
                        else
                            kept++;
                    }
                if (kept > 0) {
                    core[i >> 6] |= 1ull << (i & 63);
                    const double mandate = G > 0 ? get_mandate(s, i) : 0.0;
                    const double gain = weigh_core(s, u, terms, i, core, n) - p->founding_effort + mandate;
                    if (gain + luck[n_options + 1] > best_value) {
                        int64_t cause = find_join_cause(s, terms);
                        if (mandate > terms[cause])
                            cause = s->codes->MANDATE;
                        found(s, seed, month, free_slot, i, core, cause, mandate);
                        for (int word = 0; word < B; word++)
                            bits[free_slot][word] = core[word];
                        continue;
                    }
                }
            }
        }
    no_founding:
        if (best != NOBODY) {
            double terms[9];
            for (int term = 0; term < 9; term++)
                terms[term] = term_of[best / 8][term][best % 8];
            const int c = option[best];
            move(s, month, i, c, is_inside[best] ? find_exit_cause(s, terms) : find_join_cause(s, terms));
            bits[c][i >> 6] ^= 1ull << (i & 63);
        }
    }
}

/* ---------------------------------------------------------------- entries: n rounded up to vectors is a constant */

#define BY_VECTORS(process)                                                                                           \
    if ((s->n + 7) / 8 == 3) /* the default field of 18, and any of 17 to 24 */                                       \
        process(s, seed, month, s->n, 3);                                                                             \
    else                                                                                                              \
        process(s, seed, month, s->n, (s->n + 7) / 8);

void limit_serve_and_refer(const struct world *s, uint64_t seed, uint64_t month) { BY_VECTORS(serve) }
void limit_review_memberships(const struct world *s, uint64_t seed, uint64_t month) { BY_VECTORS(review) }

/* Put each snapshot (words of 64 bits) into the arena that holds the world, and step it; process 0 steps nothing. */
void limit_replay(const struct world *s, int process, int64_t n_snapshots, const uint64_t *seeds,
                  const int64_t *months, uint64_t *arena, const uint64_t *snapshots, int64_t words)
{
    for (int64_t at = 0; at < n_snapshots; at++) {
        memcpy(arena, snapshots + at * words, words * sizeof *arena);
        if (process == 1)
            limit_serve_and_refer(s, seeds[at], months[at]);
        else if (process == 2)
            limit_review_memberships(s, seeds[at], months[at]);
    }
}
