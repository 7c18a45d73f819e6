#include "workers/analyzers/motion/tracker.h"

#include <math.h>

#define MARGIN 2.0F       /* cells around where an object is foreseen */
#define MARGIN_SHARE 0.2F /* of its size, likewise */
#define SPEED_SHARE 0.3F  /* of a new speed taken over each frame */
#define SPARSE 3.0F       /* times its parts' areas, from which on an area is not one object's */
#define SHRUNK 3.0F       /* times smaller than before is another thing */
#define GROWN 4.0F        /* times larger than at home is too */
#define STRAIGHT 0.3F     /* of its path that a traveller must be away from home */
#define AT_HOME 0.5F      /* of its area, and of its first, where a lingerer must be */
#define PATIENCE 0.25     /* seconds that an unconfirmed object may be out of sight */

static float width(const struct motion_area *area)
{
    return area->right - area->left;
}

static float height(const struct motion_area *area)
{
    return area->bottom - area->top;
}

static float size(const struct motion_area *area)
{
    return width(area) * height(area);
}

static float middle_x(const struct motion_area *area)
{
    return (area->left + area->right) / 2;
}

static float middle_y(const struct motion_area *area)
{
    return (area->top + area->bottom) / 2;
}

static struct motion_area area_of(const struct motion_blob *blob)
{
    return (struct motion_area){(float)blob->left, (float)blob->top, (float)blob->right + 1,
                                (float)blob->bottom + 1};
}

static struct motion_area around(const struct motion_area *a, const struct motion_area *b)
{
    return (struct motion_area){fminf(a->left, b->left), fminf(a->top, b->top),
                                fmaxf(a->right, b->right), fmaxf(a->bottom, b->bottom)};
}

static float overlap(const struct motion_area *a, const struct motion_area *b)
{
    const float across = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    const float down = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    return across > 0 && down > 0 ? across * down : 0;
}

/* -- which blob belongs to which object -------------------------------------------------------- */

static struct motion_area foreseen(const struct motion_object *object, double now)
{
    const float seconds = (float)(now - object->seen);
    const float x = object->speed_x * seconds, y = object->speed_y * seconds;
    const struct motion_area *area = &object->area;
    return (struct motion_area){area->left + x, area->top + y, area->right + x, area->bottom + y};
}

/* How far a blob is from where the object should be, in sizes; negative where it is not near. */
static float distance(const struct motion_object *object, const struct motion_area *blob,
                      double now)
{
    struct motion_area expected = foreseen(object, now);
    const float across = middle_x(blob) - middle_x(&expected);
    const float down = middle_y(blob) - middle_y(&expected);
    const float reach = hypotf(width(&expected), height(&expected)) + 1;
    const float margin_x = MARGIN + MARGIN_SHARE * width(&expected);
    const float margin_y = MARGIN + MARGIN_SHARE * height(&expected);
    expected.left -= margin_x;
    expected.right += margin_x;
    expected.top -= margin_y;
    expected.bottom += margin_y;
    return overlap(&expected, blob) > 0 ? hypotf(across, down) / reach : -1;
}

/* Confirmed objects are asked first: what is new gives way. */
static int owner_of(const struct motion_tracker *tracker, const struct motion_area *blob,
                    double now)
{
    int best = -1;
    float least = INFINITY;
    for (int i = 0; i < tracker->count; i++) {
        const struct motion_object *object = &tracker->objects[i];
        float apart = distance(object, blob, now);
        if (apart < 0)
            continue;
        apart += object->id ? 0 : 1;
        if (apart < least) {
            least = apart;
            best = i;
        }
    }
    return best;
}

/* What an object is given in a frame. */
struct share {
    struct motion_area area;
    float parts; /* the sum of its blobs' areas */
    int cells;
    int zone; /* the largest blob's */
    bool admitted;
    int largest;
};

/* False for a blob that is too far from the others to be of one object with them. */
static bool give(struct share *share, const struct motion_blob *blob)
{
    struct motion_area area = area_of(blob);
    const float part = size(&area);
    if (share->cells > 0)
        area = around(&share->area, &area);
    if (size(&area) > SPARSE * (share->parts + part))
        return false;
    share->area = area;
    share->parts += part;
    share->cells += blob->cells;
    share->admitted |= blob->admitted;
    if (blob->cells > share->largest) {
        share->largest = blob->cells;
        share->zone = blob->zone;
    }
    return true;
}

/* -- the life of an object --------------------------------------------------------------------- */

/* How far both edges went, so that growing or shrinking is no travel. One that is at the
 * picture's edge can't go: there, things grow as they come in. */
static float travelled(float first, float second, bool first_is_held, bool second_is_held)
{
    if (first_is_held || second_is_held)
        return first_is_held && second_is_held ? 0 : fabsf(first_is_held ? second : first);
    return first * second > 0 ? fminf(fabsf(first), fabsf(second)) : 0;
}

static bool has_travelled(const struct motion_object *object, const struct motion_moment *moment)
{
    const struct motion_area *area = &object->area, *home = &object->home;
    const float right = (float)moment->columns, bottom = (float)moment->rows;
    const float x =
        travelled(area->left - home->left, area->right - home->right,
                  area->left <= 0 && home->left <= 0, area->right >= right && home->right >= right);
    const float y = travelled(area->top - home->top, area->bottom - home->bottom,
                              area->top <= 0 && home->top <= 0,
                              area->bottom >= bottom && home->bottom >= bottom);
    return hypotf(x, y) >= moment->travel && hypotf(x, y) >= STRAIGHT * object->path;
}

static bool has_lingered(const struct motion_object *object, const struct motion_moment *moment)
{
    const float at_home = overlap(&object->area, &object->home);
    return moment->now - object->born >= moment->linger_seconds &&
           at_home >= AT_HOME * size(&object->area) && at_home >= AT_HOME * size(&object->home);
}

static bool is_confirmed(const struct motion_object *object, const struct motion_moment *moment)
{
    return object->admitted && object->born > moment->unlit &&
           object->frames >= moment->start_frames &&
           (moment->travel <= 0 || has_travelled(object, moment) || has_lingered(object, moment));
}

/* What is not yet known may be another thing each time: streaks of rain, say. */
static bool is_like_it(const struct motion_object *object, const struct motion_area *area,
                       double now)
{
    const struct motion_area expected = foreseen(object, now);
    return overlap(&expected, area) > 0 && size(area) * SHRUNK >= size(&object->area);
}

/* A shadow that came before the thing itself is not where that came from. */
static void begin_where_it_grew(struct motion_object *object)
{
    if (object->id || size(&object->area) <= size(&object->home) * GROWN)
        return;
    object->home = object->area;
    object->path = 0;
}

static void see(struct motion_tracker *tracker, struct motion_object *object,
                const struct share *share, const struct motion_moment *moment)
{
    const float seconds = (float)(moment->now - object->seen);
    const bool again = object->id || is_like_it(object, &share->area, moment->now);
    const float speed_share = again && object->frames > 1 ? SPEED_SHARE : 1;
    const float x = middle_x(&share->area) - middle_x(&object->area);
    const float y = middle_y(&share->area) - middle_y(&object->area);
    if (seconds > 0) {
        object->speed_x += (x / seconds - object->speed_x) * speed_share;
        object->speed_y += (y / seconds - object->speed_y) * speed_share;
    }
    if (!again)
        *object = (struct motion_object){.home = share->area,
                                         .born = moment->now,
                                         .speed_x = object->speed_x,
                                         .speed_y = object->speed_y};
    object->path += again ? hypotf(x, y) : 0;
    object->area = share->area;
    begin_where_it_grew(object);
    object->cells = share->cells;
    object->zone = share->zone;
    object->admitted = share->admitted;
    object->seen = moment->now;
    object->frames++;
    if (object->id) {
        object->state = MOTION_UPDATE;
    } else if (is_confirmed(object, moment)) {
        object->id = ++tracker->last_id;
        object->state = MOTION_START;
        object->started = moment->now;
    }
    if (object->id && object->cells > object->cells_max)
        object->cells_max = object->cells;
}

static void add_object(struct motion_tracker *tracker, const struct motion_blob *blob,
                       const struct motion_moment *moment)
{
    if (tracker->count == MOTION_OBJECTS_MAX)
        return;
    struct share share = {.zone = -1};
    give(&share, blob);
    struct motion_object *object = &tracker->objects[tracker->count++];
    *object = (struct motion_object){
        .area = share.area, .home = share.area, .born = moment->now, .seen = moment->now};
    see(tracker, object, &share, moment);
}

/* True when that is the end of an unconfirmed one. */
static bool miss(struct motion_object *object, const struct motion_moment *moment)
{
    const double unseen = moment->now - object->seen;
    object->frames = 0;
    if (!object->id)
        return !(unseen < fmin(PATIENCE, moment->stop_seconds));
    object->state = unseen < moment->stop_seconds ? MOTION_HIDDEN : MOTION_STOP;
    return false;
}

static void forget_ended(struct motion_tracker *tracker)
{
    int count = 0;
    for (int i = 0; i < tracker->count; i++)
        if (tracker->objects[i].state != MOTION_STOP)
            tracker->objects[count++] = tracker->objects[i];
    tracker->count = count;
}

void motion_tracker_follow(struct motion_tracker *tracker, const struct motion_blob *blobs,
                           int count, const struct motion_moment *moment)
{
    struct share shares[MOTION_OBJECTS_MAX] = {0};
    bool taken[MOTION_BLOBS_MAX] = {false};
    forget_ended(tracker);
    for (int i = 0; i < count; i++) {
        const struct motion_area area = area_of(&blobs[i]);
        const int owner = owner_of(tracker, &area, moment->now);
        taken[i] = owner >= 0 && give(&shares[owner], &blobs[i]);
    }
    int kept = 0;
    for (int i = 0; i < tracker->count; i++) {
        struct motion_object *object = &tracker->objects[i];
        if (shares[i].cells > 0)
            see(tracker, object, &shares[i], moment);
        else if (miss(object, moment))
            continue;
        tracker->objects[kept++] = *object;
    }
    tracker->count = kept;
    for (int i = 0; i < count; i++)
        if (!taken[i])
            add_object(tracker, &blobs[i], moment);
}

void motion_tracker_end(struct motion_tracker *tracker)
{
    forget_ended(tracker);
    int kept = 0;
    for (int i = 0; i < tracker->count; i++) {
        if (!tracker->objects[i].id)
            continue;
        tracker->objects[kept] = tracker->objects[i];
        tracker->objects[kept++].state = MOTION_STOP;
    }
    tracker->count = kept;
}
