"""What plain constraints cannot say: the queue's sequence, and rows that never change.

The erasure of a withdrawn person's texts (a legal duty) is the one exception; it announces itself with
`SET LOCAL plurivox.erasure = 'on'`.
"""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE annotator_assignment_key AS bigint;

CREATE FUNCTION annotator_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('plurivox.erasure', true) = 'on' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER judgments_are_append_only BEFORE UPDATE OR DELETE ON annotator_judgment
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER changes_are_append_only BEFORE UPDATE OR DELETE ON annotator_change
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER consents_are_append_only BEFORE UPDATE OR DELETE ON annotator_consent
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER waves_are_frozen BEFORE UPDATE OR DELETE ON annotator_wave
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER responses_are_immutable BEFORE UPDATE OF candidate_set_id, slot, text, strategy, template_version, model, seed, finish_reason OR DELETE ON annotator_response
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER complete_sets_are_immutable BEFORE UPDATE OR DELETE ON annotator_candidateset
    FOR EACH ROW WHEN (OLD.state = 'complete') EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER offers_are_never_deleted BEFORE DELETE ON annotator_offer
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
"""

BACKWARD = """
DROP TRIGGER offers_are_never_deleted ON annotator_offer;
DROP TRIGGER complete_sets_are_immutable ON annotator_candidateset;
DROP TRIGGER responses_are_immutable ON annotator_response;
DROP TRIGGER waves_are_frozen ON annotator_wave;
DROP TRIGGER consents_are_append_only ON annotator_consent;
DROP TRIGGER changes_are_append_only ON annotator_change;
DROP TRIGGER judgments_are_append_only ON annotator_judgment;
DROP FUNCTION annotator_refuse_change();
DROP SEQUENCE annotator_assignment_key;
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
