"""What a response came from never changes either, and aligned or measured rows keep their past."""

from django.db import migrations

FORWARD = """
DROP TRIGGER responses_are_immutable ON annotator_response;
CREATE TRIGGER responses_are_immutable BEFORE UPDATE OF candidate_set_id, slot, text, strategy, template_version, model, seed, finish_reason, origin, source_response_id OR DELETE ON annotator_response
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER drafts_are_never_changed BEFORE UPDATE OR DELETE ON annotator_translationdraft
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
CREATE TRIGGER verdicts_are_never_changed BEFORE UPDATE OR DELETE ON annotator_verdict
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
"""

BACKWARD = """
DROP TRIGGER verdicts_are_never_changed ON annotator_verdict;
DROP TRIGGER drafts_are_never_changed ON annotator_translationdraft;
DROP TRIGGER responses_are_immutable ON annotator_response;
CREATE TRIGGER responses_are_immutable BEFORE UPDATE OF candidate_set_id, slot, text, strategy, template_version, model, seed, finish_reason OR DELETE ON annotator_response
    FOR EACH ROW EXECUTE FUNCTION annotator_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0003_generation")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
