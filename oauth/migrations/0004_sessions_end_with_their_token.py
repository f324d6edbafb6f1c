from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauth", "0003_qr_sign_in")]

    operations = [
        migrations.AddField(
            model_name="sessiontoken",
            name="made_with",
            # Those of the last two minutes open nothing any more.
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
    ]
