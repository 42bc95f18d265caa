"""The windows in which pages are looked at, in CSS pixels."""
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}  # WCAG 2.2, success criterion 1.4.10
